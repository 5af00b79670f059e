import { describe, expect, test } from 'vitest';
import type { Meeting, Participant, ServerEvent } from '../src/api/types';
import { noticeOf } from '../src/meeting/notices';
import { initialState, participantOf, reconcile, reduce, sharerOf } from '../src/meeting/state';

const person = (participant_id: number, name: string, change: Partial<Participant> = {}): Participant => ({
  participant_id,
  name,
  role: 'participant',
  join_at: '2026-01-01T00:00:00Z',
  muted: { audio: false, camera: false, screen: true },
  live: { audio: false, camera: false, screen: false },
  ...change,
});
const meeting = (...participants: Participant[]): Meeting => ({
  meeting_id: 'abc-defg-hij',
  title: null,
  status: 'open',
  created_at: '2026-01-01T00:00:00Z',
  host_id: 1,
  join_url: '/m/abc-defg-hij',
  participants,
});
const start = initialState(meeting(person(1, 'Ada'), person(2, 'Lin')), 2);
const after = (...events: ServerEvent[]) => events.reduce(reduce, start);

describe('reduce', () => {
  test('welcome replaces who is here: what was missed does not linger', () => {
    const state = after(
      { type: 'speaking', seq: 1, participant_ids: [1] },
      { type: 'welcome', seq: 2, participant_id: 2, meeting: meeting(person(3, 'Kofi'), person(2, 'Lin')), core: 'down' },
    );
    expect(state.participants.map((p) => p.participant_id)).toEqual([2, 3]);
    expect(state.speaking).toEqual([]);
    expect(state.core).toBe('down');
  });

  test('joined twice is there once', () => {
    const joined: ServerEvent = { type: 'joined', seq: 1, participant: person(3, 'Kofi') };
    expect(after(joined, joined).participants).toHaveLength(3);
  });

  test('left takes them out of the speakers too', () => {
    const state = after(
      { type: 'speaking', seq: 1, participant_ids: [1, 2] },
      { type: 'left', seq: 2, participant_id: 1, reason: 'gone' },
    );
    expect(state.speaking).toEqual([2]);
    expect(participantOf(state, 1)).toBeUndefined();
  });

  test('muted and live change one source of one participant', () => {
    const state = after(
      { type: 'muted', seq: 1, participant_id: 1, source: 'screen', muted: false, by: 1 },
      { type: 'live', seq: 2, participant_id: 1, source: 'screen', live: true },
    );
    expect(participantOf(state, 1)?.muted).toEqual({ audio: false, camera: false, screen: false });
    expect(participantOf(state, 1)?.live.screen).toBe(true);
    expect(participantOf(state, 2)).toEqual(person(2, 'Lin'));
    expect(sharerOf(state)?.participant_id).toBe(1);
  });

  test('remembers who spoke last', () => {
    const state = after(
      { type: 'speaking', seq: 1, participant_ids: [1] },
      { type: 'speaking', seq: 2, participant_ids: [2] },
    );
    expect(state.lastSpoke.get(2)).toBeGreaterThan(state.lastSpoke.get(1) ?? 0);
  });

  test('the end of the meeting and of one’s part in it', () => {
    expect(after({ type: 'ended', seq: 1 }).over).toBe('ended');
    expect(after({ type: 'kicked', seq: 1 }).over).toBe('kicked');
  });

  test('an event of a newer service changes nothing', () => {
    const unknown = { type: 'confetti', seq: 1 } as unknown as ServerEvent;
    expect(after(unknown)).toBe(start);
  });
});

describe('reconcile: off wins on both sides', () => {
  const server = person(2, 'Lin', { muted: { audio: true, camera: false, screen: false } });

  test('what the service holds muted goes off here, what is off here is told', () => {
    expect(reconcile(server, { audio: true, camera: false, screen: true })).toEqual({
      turnOff: ['audio'],
      tellMuted: ['camera'],
    });
  });

  test('nothing to do when both agree', () => {
    expect(reconcile(server, { audio: false, camera: true, screen: true })).toEqual({
      turnOff: [],
      tellMuted: [],
    });
  });
});

describe('noticeOf', () => {
  const said = (event: ServerEvent) => noticeOf(start, event);

  test('others coming and going, not oneself', () => {
    expect(said({ type: 'joined', seq: 1, participant: person(3, 'Kofi') })).toBe('Kofi joined');
    expect(said({ type: 'joined', seq: 1, participant: person(2, 'Lin') })).toBeNull();
    expect(said({ type: 'left', seq: 1, participant_id: 1, reason: 'left' })).toBe('Ada left');
    expect(said({ type: 'left', seq: 1, participant_id: 1, reason: 'kicked' })).toBe('Ada was removed');
  });

  test('being muted by the host, not muting oneself', () => {
    const muted = { type: 'muted', seq: 1, participant_id: 2, source: 'audio', muted: true } as const;
    expect(said({ ...muted, by: 1 })).toBe('Ada turned your microphone off');
    expect(said({ ...muted, by: 2 })).toBeNull();
  });

  test('a screen share of another, and losing one’s own to them', () => {
    const screen = { type: 'muted', seq: 1, source: 'screen', by: 1 } as const;
    expect(said({ ...screen, participant_id: 1, muted: false })).toBe('Ada is sharing their screen');
    expect(said({ ...screen, participant_id: 2, muted: true })).toBe('Ada took over the screen share');
  });
});
