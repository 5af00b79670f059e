// The little SDP surgery the page does. The browser's own descriptions are never edited before
// setLocalDescription; only the text that travels is.

const SECTION_START = /^m=/;

function lines(sdp: string): string[] {
  return sdp.split(/\r?\n/).filter((line) => line.length > 0);
}

function text(all: readonly string[]): string {
  return `${all.join('\r\n')}\r\n`;
}

/** Marks the sections with these mids as slides (RFC 4796), which is how a screen is told from a camera. */
export function markSlides(sdp: string, mids: ReadonlySet<string>): string {
  const out: string[] = [];
  for (const line of lines(sdp)) {
    out.push(line);
    if (line.startsWith('a=mid:') && mids.has(line.slice('a=mid:'.length).trim())) {
      out.push('a=content:slides');
    }
  }
  return text(out);
}

export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
  readonly candidates: readonly string[];
}

/** The first ICE credentials in a description or a fragment: under BUNDLE there is only one pair. */
export function iceOf(sdp: string): IceCredentials | null {
  let ufrag = '';
  let pwd = '';
  const candidates: string[] = [];
  for (const line of lines(sdp)) {
    if (line.startsWith('a=ice-ufrag:')) ufrag ||= line.slice('a=ice-ufrag:'.length);
    else if (line.startsWith('a=ice-pwd:')) pwd ||= line.slice('a=ice-pwd:'.length);
    else if (line.startsWith('a=candidate:') && !candidates.includes(line)) candidates.push(line);
  }
  return ufrag && pwd ? { ufrag, pwd, candidates } : null;
}

/** The body of an ICE restart (RFC 8840 §9, RFC 9725 §4.3.3), out of our new local description. */
export function restartFragment(localSdp: string): string {
  const ice = iceOf(localSdp);
  const all = lines(localSdp);
  const firstSection = all.find((line) => SECTION_START.test(line));
  const firstMid = all.find((line) => line.startsWith('a=mid:'));
  if (!ice || !firstSection || !firstMid) throw new Error('the local description has no ICE credentials');
  const bundle = all.find((line) => line.startsWith('a=group:BUNDLE'));
  return text([
    ...(bundle ? [bundle] : []),
    firstSection,
    firstMid,
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.pwd}`,
    ...ice.candidates,
  ]);
}

/** The stored answer with the server's new credentials and candidates in place of the old. */
export function swapIce(answer: string, ice: IceCredentials): string {
  const out: string[] = [];
  let candidatesPlaced = ice.candidates.length === 0;
  for (const line of lines(answer)) {
    if (line.startsWith('a=ice-ufrag:')) out.push(`a=ice-ufrag:${ice.ufrag}`);
    else if (line.startsWith('a=ice-pwd:')) out.push(`a=ice-pwd:${ice.pwd}`);
    else if (line.startsWith('o=')) out.push(nextVersion(line));
    else if (line.startsWith('a=candidate:') && ice.candidates.length > 0) {
      if (!candidatesPlaced) out.push(...ice.candidates);
      candidatesPlaced = true;
    } else out.push(line);
  }
  return text(out);
}

/** RFC 3264 §8: a changed description has a version one higher. */
function nextVersion(origin: string): string {
  const parts = origin.split(' ');
  if (/^\d+$/.test(parts[2] ?? '')) parts[2] = String(BigInt(parts[2] ?? '0') + 1n);
  return parts.join(' ');
}
