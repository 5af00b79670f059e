// What the page knows about the meeting, as a pure function of the service's events. `welcome`
// replaces everything, so nothing that was missed while the socket was away can linger.
import type { Meeting, Participant, ServerEvent, SlotAssignment, Source } from '../api/types';

export interface MeetingState {
  readonly meetingId: string;
  readonly title: string | null;
  readonly me: number;
  /** In the order of joining. */
  readonly participants: readonly Participant[];
  /** Loudest first. */
  readonly speaking: readonly number[];
  /** participant → the turn of their last speech; higher is more recent. */
  readonly lastSpoke: ReadonlyMap<number, number>;
  readonly turn: number;
  readonly core: 'up' | 'down';
  readonly slots: { readonly sessionId: string; readonly slots: readonly SlotAssignment[] } | null;
  readonly over: 'ended' | 'kicked' | null;
}

export function initialState(meeting: Meeting, me: number): MeetingState {
  return {
    meetingId: meeting.meeting_id,
    title: meeting.title,
    me,
    participants: inOrder(meeting.participants),
    speaking: [],
    lastSpoke: new Map(),
    turn: 0,
    core: 'up',
    slots: null,
    over: null,
  };
}

export function reduce(state: MeetingState, event: ServerEvent): MeetingState {
  switch (event.type) {
    case 'welcome':
      return {
        ...state,
        me: event.participant_id,
        title: event.meeting.title,
        participants: inOrder(event.meeting.participants),
        speaking: [],
        core: event.core,
        over: event.meeting.status === 'ended' ? 'ended' : state.over,
      };
    case 'joined':
      return { ...state, participants: withParticipant(state.participants, event.participant) };
    case 'left':
      return {
        ...state,
        participants: state.participants.filter((p) => p.participant_id !== event.participant_id),
        speaking: state.speaking.filter((id) => id !== event.participant_id),
      };
    case 'muted':
      return changed(state, event.participant_id, (p) => ({
        ...p,
        muted: { ...p.muted, [event.source]: event.muted },
      }));
    case 'live':
      return changed(state, event.participant_id, (p) => ({
        ...p,
        live: { ...p.live, [event.source]: event.live },
      }));
    case 'role':
      return changed(state, event.participant_id, (p) => ({ ...p, role: event.role }));
    case 'speaking':
      return heard(state, event.participant_ids);
    case 'slots':
      return { ...state, slots: { sessionId: event.session_id, slots: event.slots } };
    case 'core':
      return { ...state, core: event.state === 'down' ? 'down' : 'up', speaking: [] };
    case 'ended':
      return { ...state, over: 'ended' };
    case 'kicked':
      return { ...state, over: 'kicked' };
    case 'media':
    case 'pong':
      return state;
    default:
      // A newer service may say more than this page understands.
      return state;
  }
}

/** The answer to a write of ours, which carries the participant as it is now. */
export function withAnswer(state: MeetingState, participant: Participant): MeetingState {
  return changed(state, participant.participant_id, () => participant);
}

export function participantOf(state: MeetingState, id: number): Participant | undefined {
  return state.participants.find((p) => p.participant_id === id);
}

/** Who shares a screen: one at a time, the service sees to it. */
export function sharerOf(state: MeetingState): Participant | undefined {
  return state.participants.find((p) => !p.muted.screen);
}

/**
 * What a fresh `welcome` asks us to do about our own sources. Off wins on both sides: what the
 * service holds muted (a host did it while we were away) goes off here, and what is off here is
 * told to the service.
 */
export function reconcile(
  server: Participant,
  local: Readonly<Record<Source, boolean>>,
): { turnOff: Source[]; tellMuted: Source[] } {
  const all: Source[] = ['audio', 'camera', 'screen'];
  return {
    turnOff: all.filter((source) => server.muted[source] && local[source]),
    tellMuted: all.filter((source) => !server.muted[source] && !local[source]),
  };
}

function changed(
  state: MeetingState,
  id: number,
  change: (participant: Participant) => Participant,
): MeetingState {
  return {
    ...state,
    participants: state.participants.map((p) => (p.participant_id === id ? change(p) : p)),
  };
}

function heard(state: MeetingState, ids: readonly number[]): MeetingState {
  const turn = state.turn + 1;
  const lastSpoke = new Map(state.lastSpoke);
  for (const id of ids) lastSpoke.set(id, turn);
  return { ...state, speaking: ids, lastSpoke, turn };
}

function withParticipant(all: readonly Participant[], one: Participant): Participant[] {
  return inOrder([...all.filter((p) => p.participant_id !== one.participant_id), one]);
}

function inOrder(participants: readonly Participant[]): Participant[] {
  return [...participants].sort((a, b) => a.participant_id - b.participant_id);
}
