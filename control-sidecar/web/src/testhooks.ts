// `window.millrace`: what the browser tests look at and act on. Read-only views of the call, plus
// the ICE restart that a network change would start.
import { StatsReader, type StatsSummary } from './media/stats';
import type { Call } from './meeting/call';
import { type Timeline, timeline } from './meeting/timeline';

const FRAMES_POLL_MS = 500;

export interface HookSlot {
  readonly mid: string;
  readonly kind: string;
  readonly participantId: number | null;
  readonly source: string | null;
  readonly csrc: number | null;
  readonly framesDecoded: number;
}

export interface MillraceHooks {
  readonly pc: RTCPeerConnection | null;
  readonly sessionId: string | null;
  readonly participantId: number;
  readonly timeline: Timeline;
  slots(): HookSlot[];
  stats(): Promise<StatsSummary | null>;
  iceRestart(): Promise<void>;
}

declare global {
  interface Window {
    millrace?: MillraceHooks;
  }
}

export function exposeTestHooks(call: Call): void {
  const reader = new StatsReader();
  let frames = new Map<string, number>();
  const stats = async (): Promise<StatsSummary | null> => {
    const pc = call.link.session?.pc;
    if (!pc) return null;
    const summary = await reader.read(pc, call.link.currentSlots());
    frames = new Map(summary.slots.map((slot) => [slot.mid, slot.framesDecoded]));
    return summary;
  };
  // slots() answers at once, so the frame counts it gives are up to one poll old.
  const poll = setInterval(() => {
    if (call.snapshot().over) clearInterval(poll);
    else void stats().catch(() => undefined);
  }, FRAMES_POLL_MS);

  window.millrace = {
    get pc() {
      return call.link.session?.pc ?? null;
    },
    get sessionId() {
      return call.link.session?.sessionId ?? null;
    },
    get participantId() {
      return call.snapshot().state.me;
    },
    timeline,
    slots: () =>
      call.link.currentSlots().map(({ mid, kind, participantId, source, csrc }) => ({
        mid,
        kind,
        participantId,
        source,
        csrc,
        framesDecoded: frames.get(mid) ?? 0,
      })),
    stats,
    iceRestart: () => call.link.restartIce(),
  };
}
