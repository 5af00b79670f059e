import { describe, expect, test } from 'vitest';
import type { SlotAssignment } from '../src/api/types';
import { CSRC_FRESH_MS, occupantOf, sight, slotFor, type SlotView } from '../src/media/slots';

const announced = (participant_id: number | null): SlotAssignment => ({
  mid: '6',
  kind: 'video',
  participant_id,
  source: participant_id === null ? null : 'camera',
});
const nobody = { participantId: null, source: null };
const camera = (participantId: number) => ({ participantId, source: 'camera' });

describe('sight', () => {
  test('takes the newest entry, wherever the browser lists it', () => {
    const entries = [
      { source: 4, timestamp: 900 },
      { source: 7, timestamp: 1_000 },
      { source: 5, timestamp: 950 },
    ];
    expect(sight(null, entries, 50)).toEqual({ csrc: 7, stamp: 1_000, movedAt: 50 });
  });

  test('a stamp that stands still keeps the time it last moved', () => {
    const first = sight(null, [{ source: 7, timestamp: 1 }], 100);
    const second = sight(first, [{ source: 7, timestamp: 1 }], 350);
    expect(second?.movedAt).toBe(100);
    expect(sight(second, [{ source: 7, timestamp: 2 }], 600)?.movedAt).toBe(600);
  });

  test('no entry, nothing seen', () => {
    expect(sight(null, [], 1)).toBeNull();
  });
});

describe('occupantOf', () => {
  const seen = (csrc: number, movedAt: number) => ({ csrc, stamp: 1, movedAt });

  test('flowing packets win over an event that is early or late', () => {
    expect(occupantOf('video', announced(9), seen(7, 1_000), 1_100)).toEqual(camera(7));
  });

  test('flowing packets are believed without any event', () => {
    expect(occupantOf('video', undefined, seen(7, 1_000), 1_100)).toEqual(camera(7));
    expect(occupantOf('screen', undefined, seen(7, 1_000), 1_100).source).toBe('screen');
  });

  test('when packets stop, the event says who it is', () => {
    const now = 1_000 + CSRC_FRESH_MS;
    expect(occupantOf('video', announced(9), seen(7, 1_000), now)).toEqual(camera(9));
    expect(occupantOf('video', announced(null), seen(7, 1_000), now)).toEqual(nobody);
  });

  test('nothing known, nobody shown', () => {
    expect(occupantOf('video', undefined, null, 5)).toEqual(nobody);
  });
});

describe('slotFor', () => {
  const view = (mid: string, participantId: number, csrc: number | null) =>
    ({ mid, kind: 'video', participantId, source: 'camera', csrc }) as unknown as SlotView;

  test('prefers the slot whose packets confirm it', () => {
    expect(slotFor([view('6', 3, null), view('7', 3, 3)], 3, 'camera')?.mid).toBe('7');
  });

  test('another source of the same participant is not taken', () => {
    expect(slotFor([view('6', 3, 3)], 3, 'screen')).toBeNull();
  });
});
