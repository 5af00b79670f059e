// One media session: one RTCPeerConnection, one offer, one answer, and the ICE restarts of its
// life. It never comes back from the dead: the supervisor (link.ts) makes a new one.
import type { Api, MediaAnswer } from '../api/client';
import type { SlotAssignment, Source } from '../api/types';
import { fitLayers } from './layers';
import { LipSync } from './lipsync';
import type { Peer } from './peer';
import { iceOf, restartFragment, swapIce } from './sdp';
import { type CsrcSighting, occupantOf, sight, type SlotView } from './slots';
import type { Lines, ReceivingLine } from './transceivers';

export type LocalTracks = Readonly<Record<Source, MediaStreamTrack | null>>;

export interface SessionDeps {
  readonly api: Api;
  readonly mediaUrl: string;
  readonly token: string;
  readonly iceServers: readonly RTCIceServer[];
  /** Called at each step of setting up, for the timeline of the test hooks. */
  readonly mark: (step: 'offerPosted' | 'answered' | 'connected') => void;
  /** The other side said goodbye (DTLS close_notify), or the handshake failed. */
  readonly onTransportOver: (session: MediaSession) => void;
}

export class MediaSession {
  readonly pc: RTCPeerConnection;
  private readonly lines: Lines;
  private readonly lipSync: LipSync;
  private readonly sightings = new Map<string, CsrcSighting>();
  private answer: MediaAnswer | null = null;
  private closed = false;
  private silent = false;

  constructor(
    private readonly peer: Peer,
    private readonly deps: SessionDeps,
  ) {
    this.pc = peer.pc;
    this.lines = peer.lines;
    this.lipSync = new LipSync(this.pc, this.lines.receive);
    this.pc.addEventListener('connectionstatechange', () => {
      if (this.pc.connectionState === 'connected') deps.mark('connected');
    });
  }

  get sessionId(): string | null {
    return this.answer?.sessionId ?? null;
  }

  /** The audio lines in order: each has an element that plays it. */
  get audioStreams(): MediaStream[] {
    return this.lines.receive.filter((line) => line.kind === 'audio').map((line) => line.stream);
  }

  async open(tracks: LocalTracks): Promise<void> {
    // The offer is the same whatever is sent: it does not wait for the tracks.
    const [answer] = await Promise.all([this.post(), this.sendTracks(tracks)]);
    if (this.closed) return;
    this.deps.mark('answered');
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.watchTransport();
  }

  private async post(): Promise<MediaAnswer> {
    const offer = await this.peer.offer();
    // The service is ICE-lite and learns our address from our checks: waiting for candidates
    // before posting would only delay the first frame.
    this.deps.mark('offerPosted');
    const answer = await this.deps.api.postOffer(this.deps.mediaUrl, this.deps.token, offer);
    this.answer = answer;
    if (this.closed) this.deleteQuietly();
    return answer;
  }

  private async sendTracks(tracks: LocalTracks): Promise<void> {
    await Promise.all([
      this.setTrack('audio', tracks.audio),
      this.setTrack('camera', tracks.camera),
      this.setTrack('screen', tracks.screen),
    ]);
  }

  async setTrack(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (this.closed) return;
    const { sender } = this.lines.send[source];
    await sender.replaceTrack(track);
    if (source === 'camera' && track) await fitLayers(sender, track);
  }

  /** RFC 9725 §4.3.3. Throws when the service refuses; the session is then best replaced. */
  async restartIce(): Promise<void> {
    const { answer, pc } = this;
    if (!answer || this.closed) return;
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    try {
      const fragment = restartFragment(this.localSdp());
      const { api, token } = this.deps;
      const reply = await api.restartIce(answer.sessionUrl, token, answer.etag, fragment);
      const ice = iceOf(reply.fragment);
      if (!ice) throw new Error('the service answered an ICE restart without credentials');
      const sdp = swapIce(answer.sdp, ice);
      this.answer = { ...answer, etag: reply.etag, sdp };
      await pc.setRemoteDescription({ type: 'answer', sdp });
    } catch (error) {
      if (pc.signalingState === 'have-local-offer') {
        await pc.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Looks at every slot's newest packets: who is where, at this moment. */
  slotViews(announced: readonly SlotAssignment[], now: number): SlotView[] {
    return this.lines.receive.flatMap((line) => {
      const mid = line.transceiver.mid;
      if (mid === null) return [];
      const seen = this.sightingOf(mid, line, now);
      const assignment = announced.find((slot) => slot.mid === mid);
      const occupant = occupantOf(line.kind, assignment, seen, now);
      return [{ mid, kind: line.kind, stream: line.stream, csrc: seen?.csrc ?? null, ...occupant }];
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.lipSync.stop();
    this.pc.close();
    this.deleteQuietly();
  }

  /** Ends it here only: the service knows already. */
  abandon(): void {
    this.silent = true;
    this.close();
  }

  /** connectionState stays `connected` when DTLS is closed from afar: only the transport tells. */
  private watchTransport(): void {
    const transport = this.lines.send.audio.sender.transport;
    transport?.addEventListener('statechange', () => {
      if (this.closed || (transport.state !== 'closed' && transport.state !== 'failed')) return;
      // Who says goodbye has already closed the session.
      this.silent = transport.state === 'closed';
      this.deps.onTransportOver(this);
    });
  }

  private sightingOf(mid: string, line: ReceivingLine, now: number): CsrcSighting | null {
    const sources = line.transceiver.receiver.getContributingSources();
    const seen = sight(this.sightings.get(mid) ?? null, sources, now);
    if (seen) this.sightings.set(mid, seen);
    else this.sightings.delete(mid);
    return seen;
  }

  private localSdp(): string {
    const sdp = this.pc.localDescription?.sdp;
    if (!sdp) throw new Error('the browser made no offer');
    return sdp;
  }

  private deleteQuietly(): void {
    if (!this.answer || this.silent) return;
    // Nobody waits for this: a session that is not deleted expires on the server.
    this.deps.api.deleteSession(this.answer.sessionUrl, this.deps.token).catch(() => undefined);
  }
}
