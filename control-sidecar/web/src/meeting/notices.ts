// What is said to the user when something happens that they did not do. Pure: an event and the
// state before it give at most one sentence.
import type { ServerEvent, Source } from '../api/types';
import { type MeetingState, participantOf } from './state';

const DEVICE: Record<Source, string> = {
  audio: 'microphone',
  camera: 'camera',
  screen: 'screen share',
};

export function noticeOf(before: MeetingState, event: ServerEvent): string | null {
  const name = (id: number) => participantOf(before, id)?.name ?? 'Someone';
  switch (event.type) {
    case 'joined': {
      const { participant_id: id, name: joined } = event.participant;
      return id === before.me || participantOf(before, id) ? null : `${joined} joined`;
    }
    case 'left':
      if (event.participant_id === before.me) return null;
      return event.reason === 'kicked'
        ? `${name(event.participant_id)} was removed`
        : `${name(event.participant_id)} left`;
    case 'muted':
      return mutedNotice(before, event, name);
    case 'role':
      return event.participant_id === before.me && event.role === 'host'
        ? 'You are the host now'
        : null;
    default:
      return null;
  }
}

function mutedNotice(
  before: MeetingState,
  event: Extract<ServerEvent, { type: 'muted' }>,
  name: (id: number) => string,
): string | null {
  const { me } = before;
  if (event.participant_id === me && event.by !== me && event.muted) {
    return event.source === 'screen'
      ? `${name(event.by)} took over the screen share`
      : `${name(event.by)} turned your ${DEVICE[event.source]} off`;
  }
  if (event.participant_id !== me && event.source === 'screen') {
    return `${name(event.participant_id)} ${event.muted ? 'stopped sharing' : 'is sharing their screen'}`;
  }
  return null;
}
