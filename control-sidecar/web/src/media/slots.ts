// Who is in which slot. Two witnesses: the CSRC of the packets that the browser is playing (the
// truth about what the frames show, but it says nothing about an empty slot) and the `slots`
// event (which can be early, late, or missing while the service is away).
import type { SlotAssignment, SlotKind, Source } from '../api/types';

/** A CSRC counts as flowing while packets with it came within this time. */
export const CSRC_FRESH_MS = 1_000;

export interface CsrcSighting {
  readonly csrc: number;
  /** The browser's time of the newest packet: only compared for change, never with a clock. */
  readonly stamp: number;
  /** When we last saw the stamp move on, in performance.now() time. */
  readonly movedAt: number;
}

export interface SlotOccupant {
  readonly participantId: number | null;
  readonly source: Source | null;
}

const EMPTY: SlotOccupant = { participantId: null, source: null };

export function sourceOfKind(kind: SlotKind): Source {
  return kind === 'video' ? 'camera' : kind;
}

/** The newest contributing source, carried on from the last look. */
export function sight(
  before: CsrcSighting | null,
  sources: readonly { source: number; timestamp: number }[],
  now: number,
): CsrcSighting | null {
  let newest: { source: number; timestamp: number } | null = null;
  for (const entry of sources) {
    if (!newest || entry.timestamp > newest.timestamp) newest = entry;
  }
  if (!newest) return null;
  const moved = !before || before.stamp !== newest.timestamp || before.csrc !== newest.source;
  const movedAt = moved ? now : before.movedAt;
  return { csrc: newest.source, stamp: newest.timestamp, movedAt };
}

/**
 * Packets that flow name the occupant; only when none flow is the event believed. So a switch shows
 * at its first packet, not when it is announced, and an emptied slot empties with its last packet.
 */
export function occupantOf(
  kind: SlotKind,
  announced: SlotAssignment | undefined,
  seen: CsrcSighting | null,
  now: number,
): SlotOccupant {
  if (seen && now - seen.movedAt < CSRC_FRESH_MS) {
    return { participantId: seen.csrc, source: sourceOfKind(kind) };
  }
  if (!announced || announced.participant_id === null) return EMPTY;
  return { participantId: announced.participant_id, source: announced.source ?? sourceOfKind(kind) };
}

export interface SlotView extends SlotOccupant {
  readonly mid: string;
  readonly kind: SlotKind;
  readonly csrc: number | null;
  readonly stream: MediaStream;
}

export function sameOccupants(a: readonly SlotView[], b: readonly SlotView[]): boolean {
  return (
    a.length === b.length &&
    a.every((slot, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        slot.mid === other.mid &&
        slot.stream === other.stream &&
        slot.participantId === other.participantId &&
        slot.source === other.source
      );
    })
  );
}

/** The slot that shows this source of this participant; one confirmed by packets is preferred. */
export function slotFor(
  slots: readonly SlotView[],
  participantId: number,
  source: Source,
): SlotView | null {
  const matching = slots.filter((s) => s.participantId === participantId && s.source === source);
  return matching.find((s) => s.csrc === participantId) ?? matching[0] ?? null;
}
