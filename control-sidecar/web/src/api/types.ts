// The words of the HTTP contract, version 1: what the service sends and takes. Field names are
// the wire's own (snake_case), so that nothing is translated on the way.

export type Source = 'audio' | 'camera' | 'screen';
export type Role = 'host' | 'participant' | 'viewer';
export type BySource = Readonly<Record<Source, boolean>>;

export interface Participant {
  readonly participant_id: number;
  readonly name: string;
  readonly role: Role;
  readonly join_at: string;
  readonly muted: BySource;
  readonly live: BySource;
}

export interface Meeting {
  readonly meeting_id: string;
  readonly title: string | null;
  readonly status: 'open' | 'ended';
  readonly created_at: string;
  readonly host_id: number | null;
  readonly join_url: string;
  readonly participants: readonly Participant[];
}

export interface Join {
  readonly participant: Participant;
  readonly token: string;
  readonly expires_at: string;
  readonly media_url: string;
  readonly events_url: string;
  readonly ice_servers: readonly RTCIceServer[];
  readonly meeting: Meeting;
}

export type SlotKind = 'audio' | 'video' | 'screen';

/** What the service says a slot (an m-line of ours that receives) carries now. */
export interface SlotAssignment {
  readonly mid: string;
  readonly kind: SlotKind;
  readonly participant_id: number | null;
  readonly source: Source | null;
}

export type MediaPhase = 'checking' | 'handshaking' | 'open' | 'closed';

export type ServerEvent =
  | { type: 'welcome'; seq: number; participant_id: number; meeting: Meeting; core: 'up' | 'down' }
  | { type: 'joined'; seq: number; participant: Participant }
  | { type: 'left'; seq: number; participant_id: number; reason: 'left' | 'gone' | 'kicked' }
  | { type: 'muted'; seq: number; participant_id: number; source: Source; muted: boolean; by: number }
  | { type: 'live'; seq: number; participant_id: number; source: Source; live: boolean }
  | { type: 'role'; seq: number; participant_id: number; role: Role }
  | { type: 'speaking'; seq: number; participant_ids: readonly number[] }
  | { type: 'slots'; seq: number; session_id: string; slots: readonly SlotAssignment[] }
  | { type: 'media'; seq: number; session_id: string; phase: MediaPhase; reason?: string }
  | { type: 'core'; seq: number; state: 'up' | 'down' | 'restarted' }
  | { type: 'ended'; seq: number }
  | { type: 'kicked'; seq: number }
  | { type: 'pong'; seq: number };

/** A tile on the page that wants video, and how tall it is in device pixels. */
export interface Watched {
  readonly participant_id: number;
  readonly height: number;
}

export type ClientEvent =
  | { type: 'watch'; video: readonly Watched[] | null }
  | { type: 'ping' };
