// Keeps lips and voice together. The browser does not synchronise slots (they are streams of their
// own, whoever they carry), and its audio buffer grows with jitter while its video buffer does not.
// So once a second each video is told to wait as long as the voices really do.
import { JITTER_BUFFER_MS, type ReceivingLine } from './transceivers';

const INTERVAL_MS = 1_000;
/** Later than this a call is no conversation; a voice that late is better a little ahead. */
const VIDEO_WAIT_MAX_MS = 400;
/** A difference smaller than this is not seen; following it would only stir the video's buffer. */
const TOLERANCE_MS = 10;

interface Sums {
  readonly delay: number;
  readonly count: number;
}

type Report = Record<string, unknown> & { type: string };

export class LipSync {
  private readonly before = new Map<string, Sums>();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly lines: readonly ReceivingLine[],
  ) {
    this.timer = setInterval(() => void this.adjust(), INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async adjust(): Promise<void> {
    if (this.pc.connectionState !== 'connected') return;
    const waits = this.waits([...(await this.pc.getStats()).values()] as Report[]);
    const voices = this.lines
      .filter((line) => line.kind === 'audio')
      .map((line) => waits.get(line.transceiver.mid ?? ''))
      .filter((wait) => wait !== undefined);
    if (voices.length === 0) return;
    const voice = Math.max(...voices) + (waits.get(PLAYOUT) ?? 0);
    for (const line of this.lines.filter((line) => line.kind !== 'audio')) {
      const picture = waits.get(line.transceiver.mid ?? '');
      const { receiver } = line.transceiver;
      if (picture === undefined || !('jitterBufferTarget' in receiver)) continue;
      const target = receiver.jitterBufferTarget ?? JITTER_BUFFER_MS;
      receiver.jitterBufferTarget = nextTarget(target, voice, picture);
    }
  }

  /** Milliseconds that media waited in each buffer since the last look, by mid. */
  private waits(reports: readonly Report[]): Map<string, number> {
    const waits = new Map<string, number>();
    for (const report of reports) {
      const sums = sumsOf(report);
      if (!sums) continue;
      const wait = averageMs(this.before.get(sums.key), sums);
      this.before.set(sums.key, sums);
      if (wait !== undefined) waits.set(sums.key, wait);
    }
    return waits;
  }
}

/** The device's own buffer, behind every voice. */
const PLAYOUT = 'playout';

function sumsOf(report: Report): (Sums & { key: string }) | undefined {
  const number = (name: string) => (typeof report[name] === 'number' ? report[name] : 0);
  if (report.type === 'inbound-rtp' && typeof report['mid'] === 'string') {
    const [delay, count] = [number('jitterBufferDelay'), number('jitterBufferEmittedCount')];
    return { key: report['mid'], delay, count };
  }
  if (report.type === 'media-playout') {
    return { key: PLAYOUT, delay: number('totalPlayoutDelay'), count: number('totalSamplesCount') };
  }
  return undefined;
}

/** Both sums only grow; a shrunken one belongs to another life of the statistics. */
export function averageMs(before: Sums | undefined, now: Sums): number | undefined {
  const count = now.count - (before?.count ?? 0);
  const delay = now.delay - (before?.delay ?? 0);
  return count > 0 && delay >= 0 ? (delay / count) * 1_000 : undefined;
}

/** Goes half of the way, so that one odd second does not throw it. */
export function nextTarget(target: number, voiceMs: number, pictureMs: number): number {
  const apart = voiceMs - pictureMs;
  if (Math.abs(apart) < TOLERANCE_MS) return target;
  return Math.round(Math.min(VIDEO_WAIT_MAX_MS, Math.max(JITTER_BUFFER_MS, target + apart / 2)));
}
