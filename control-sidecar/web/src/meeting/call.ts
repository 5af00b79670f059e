// The call: brings together the service (events, writes), the media link and our own sources, and
// keeps one immutable snapshot for the screens. It knows nothing of React.
import type { Api } from '../api/client';
import { type ApiProblem, explain } from '../api/problems';
import type { Join, Participant, ServerEvent, Source, Watched } from '../api/types';
import type { LocalMedia } from '../media/devices';
import { type LinkPhase, MediaLink } from '../media/link';
import type { Peer } from '../media/peer';
import type { SlotView } from '../media/slots';
import { Census } from './census';
import { noticeOf } from './notices';
import { OwnSources } from './own';
import { EventSocket, type FinalClose, socketUrl } from './socket';
import { initialState, type MeetingState, participantOf, reduce, withAnswer } from './state';
import { mark } from './timeline';
import { type Toast, Toasts } from './toasts';

/** `elsewhere`: another page with our token, a duplicated tab say, has taken our place. */
export type Over = 'left' | 'ended' | 'kicked' | 'expired' | 'elsewhere';

export interface CallSnapshot {
  readonly state: MeetingState;
  /** Whether the service can be told things; false until the first welcome and while it is away. */
  readonly writable: boolean;
  readonly everUp: boolean;
  readonly media: LinkPhase;
  readonly slots: readonly SlotView[];
  readonly audioStreams: readonly MediaStream[];
  readonly toasts: readonly Toast[];
  readonly over: Over | null;
}

const WATCH_DEBOUNCE_MS = 250;
const RENEW_SPREAD_MS = 250;

export class Call {
  readonly link: MediaLink;
  readonly own: OwnSources;
  private readonly socket: EventSocket;
  private readonly toasts = new Toasts((toasts) => this.set({ toasts }));
  private readonly listeners = new Set<() => void>();
  private current: CallSnapshot;
  private watched: readonly Watched[] = [];
  private watchSent = '';
  private watchTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly census = new Census((known) => this.link.compare(known));

  constructor(
    private readonly api: Api,
    readonly join: Join,
    readonly local: LocalMedia,
    peer: Peer | null = null,
  ) {
    this.current = {
      state: initialState(join.meeting, join.participant.participant_id),
      writable: false,
      everUp: false,
      media: 'connecting',
      slots: [],
      audioStreams: [],
      toasts: [],
      over: null,
    };
    this.own = new OwnSources({
      api,
      local,
      me: () => this.me,
      writable: () => this.current.writable,
      write: (action) => this.write(action),
      send: (source, track) => void this.link.setTrack(source, track),
      problem: (text) => this.toast(text, 'problem'),
    });
    this.link = this.openLink(peer);
    this.socket = new EventSocket(socketUrl(join.events_url, location), join.token, {
      onEvent: (event) => this.onEvent(event),
      onUp: () => this.onUp(),
      onDown: () => this.set({ writable: false }),
      onFinal: (why) => this.onFinal(why),
    });
    window.addEventListener('pagehide', this.onPageHide);
    window.addEventListener('pageshow', this.onPageShow);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): CallSnapshot => this.current;

  get me(): Participant | undefined {
    return participantOf(this.current.state, this.current.state.me);
  }

  async muteOther(id: number, source: Source): Promise<void> {
    await this.write((token, meeting) => this.api.setMuted(meeting, token, id, source, true));
  }

  async kick(id: number): Promise<void> {
    await this.write((token, meeting) => this.api.kick(meeting, token, id));
  }

  leave(): void {
    const { token, meeting } = this.join;
    // The screen changes at once; presence expires by itself should the call not come through.
    void this.api.leave(meeting.meeting_id, token).catch(() => undefined);
    this.finish('left');
  }

  async end(): Promise<void> {
    const ended = await this.write((token, meeting) => this.api.end(meeting, token));
    if (ended) this.finish('ended');
  }

  /** The tiles that want video and how tall they are, in device pixels. */
  watch(video: readonly Watched[]): void {
    const samePeople = people(video) === people(this.watched);
    this.watched = video;
    clearTimeout(this.watchTimer);
    // Somebody new is not kept waiting; a window being resized is.
    if (samePeople) this.watchTimer = setTimeout(() => this.sendWatch(), WATCH_DEBOUNCE_MS);
    else this.sendWatch();
  }

  toast(text: string, tone: Toast['tone'] = 'info'): void {
    this.toasts.show(text, tone);
  }

  dismissToast(id: number): void {
    this.toasts.dismiss(id);
  }

  // A reload comes back as the same participant, so this does not leave the meeting; it only takes
  // our picture away at once.
  private readonly onPageHide = () => this.link.suspend();

  /** Out of the browser's back-forward cache; at an ordinary load there is no call yet. */
  private readonly onPageShow = (event: PageTransitionEvent) => {
    if (event.persisted) this.link.renew();
  };

  private openLink(peer: Peer | null): MediaLink {
    const { media_url: mediaUrl, token, ice_servers: iceServers } = this.join;
    const deps = { api: this.api, mediaUrl, token, iceServers, mark };
    const on = {
      onPhase: (media: LinkPhase) => this.set({ media }),
      onSlots: (slots: readonly SlotView[]) => this.set({ slots }),
      onAudioStreams: (audioStreams: readonly MediaStream[]) => this.set({ audioStreams }),
      onProblem: (error: ApiProblem) => this.onMediaProblem(error),
      onTakenOver: () => this.finish('elsewhere'),
    };
    return new MediaLink(deps, () => this.own.tracks(), on, peer);
  }

  private onEvent(event: ServerEvent): void {
    const before = this.current.state;
    const notice = noticeOf(before, event);
    this.set({ state: reduce(before, event) });
    this.census.see(event);
    if (notice) this.toast(notice);
    switch (event.type) {
      case 'left':
        // We were away so long that the meeting gave up on us.
        if (event.participant_id === before.me && event.reason === 'gone') this.finish('expired');
        break;
      case 'muted':
        if (event.participant_id === before.me) this.own.onMuted(event);
        break;
      case 'slots':
        this.link.announce(event.session_id, event.slots);
        break;
      case 'media':
        if (event.phase === 'closed') this.link.closedByService(event.session_id, event.reason);
        break;
      case 'core':
        // Spread a little: every page of the server hears this in the same instant.
        if (event.state === 'restarted') this.link.renewForgotten(Math.random() * RENEW_SPREAD_MS);
        break;
      default:
        break;
    }
    const { over } = this.current.state;
    if (over) this.finish(over);
  }

  /** Welcomed: the service can be told things again. */
  private onUp(): void {
    if (this.current.over) return;
    // At the first welcome our session may be so new that the service has not heard of it yet.
    if (this.current.everUp) {
      this.census.begin(this.current.state.core);
      this.socket.send({ type: 'ping' });
    }
    this.set({ writable: true, everUp: true });
    this.watchSent = '';
    this.sendWatch();
    this.own.reconcile();
  }

  private async write(
    action: (token: string, meeting: string) => Promise<Participant | void>,
  ): Promise<boolean> {
    if (!this.current.writable) return false;
    try {
      const answer = await action(this.join.token, this.join.meeting.meeting_id);
      if (answer) this.set({ state: withAnswer(this.current.state, answer) });
      return true;
    } catch (error) {
      if (!this.current.over) this.toastProblem(error);
      return false;
    }
  }

  private sendWatch(): void {
    const video = this.watched;
    const text = JSON.stringify(video);
    if (text !== this.watchSent && this.socket.send({ type: 'watch', video })) this.watchSent = text;
  }

  private onMediaProblem(error: ApiProblem): void {
    if (error.status === 410) this.finish('ended');
    else if ([401, 403, 404].includes(error.status)) this.finish('expired');
    else this.toastProblem(error);
  }

  private onFinal(why: FinalClose): void {
    this.finish(why === 'expired' ? 'expired' : 'ended');
  }

  private toastProblem(error: unknown): void {
    const { title, text } = explain(error);
    this.toast(text ? `${title}. ${text}` : title, 'problem');
  }

  /** Lets go of everything; what the user did or what happened decides the screen that follows. */
  private finish(over: Over): void {
    if (this.current.over) return;
    this.set({ over, writable: false });
    window.removeEventListener('pagehide', this.onPageHide);
    window.removeEventListener('pageshow', this.onPageShow);
    clearTimeout(this.watchTimer);
    this.own.stop();
    this.socket.close();
    this.link.close();
    this.local.stop();
  }

  private set(change: Partial<CallSnapshot>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}

function people(watched: readonly Watched[]): string {
  return watched.map((one) => one.participant_id).join();
}
