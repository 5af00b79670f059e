// The call: brings together the service (events, writes), the media link and the devices, and
// keeps one immutable snapshot for the screens. It knows nothing of React.
import type { Api } from '../api/client';
import { type ApiProblem, explain } from '../api/problems';
import type { Join, Participant, ServerEvent, Source, Watched } from '../api/types';
import type { LocalMedia, LocalState } from '../media/devices';
import { type LinkPhase, MediaLink } from '../media/link';
import { type DeviceProblem, deviceProblem } from '../media/problems';
import type { SlotView } from '../media/slots';
import { noticeOf } from './notices';
import { EventSocket, type FinalClose, socketUrl } from './socket';
import {
  initialState,
  type MeetingState,
  participantOf,
  reconcile,
  reduce,
  withAnswer,
} from './state';
import { mark } from './timeline';
import { type Toast, Toasts } from './toasts';

export type Over = 'left' | 'ended' | 'kicked' | 'expired';

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
  private readonly socket: EventSocket;
  private current: CallSnapshot;
  private readonly listeners = new Set<() => void>();
  private readonly toasts = new Toasts((toasts) => this.set({ toasts }));
  private watched: readonly Watched[] = [];
  private watchSent = '';
  private watchTimer: ReturnType<typeof setTimeout> | undefined;
  private devices: LocalState;
  private readonly stopWatchingDevices: () => void;

  constructor(
    private readonly api: Api,
    readonly join: Join,
    readonly local: LocalMedia,
  ) {
    this.devices = local.snapshot();
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
    const deps = {
      api,
      mediaUrl: join.media_url,
      token: join.token,
      iceServers: join.ice_servers,
      mark,
    };
    this.link = new MediaLink(deps, () => this.tracks(), {
      onPhase: (media) => this.set({ media }),
      onSlots: (slots) => this.set({ slots }),
      onAudioStreams: (audioStreams) => this.set({ audioStreams }),
      onRefused: (error) => this.onMediaRefused(error),
    });
    this.socket = new EventSocket(socketUrl(join.events_url, location), join.token, {
      onEvent: (event) => this.onEvent(event),
      onUp: () => this.set({ writable: true, everUp: true }),
      onDown: () => this.set({ writable: false }),
      onFinal: (why) => this.onFinal(why),
    });
    this.stopWatchingDevices = local.subscribe(() => this.followDevices());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): CallSnapshot => this.current;

  get me(): Participant | undefined {
    return participantOf(this.current.state, this.current.state.me);
  }

  /**
   * May this source be switched now? While the service is away nothing can be written, but what it
   * last heard to be on may be paused and resumed here: one's own microphone must never be stuck on.
   */
  canSwitch(source: Source): boolean {
    if (this.current.writable) return true;
    return source !== 'screen' && this.me?.muted[source] === false;
  }

  async setMic(on: boolean): Promise<void> {
    if (!this.canSwitch('audio')) return;
    await this.local.setMic(on);
    if (this.local.snapshot().micOn === on) await this.tellMuted('audio', !on);
  }

  async setCamera(on: boolean): Promise<void> {
    if (!this.canSwitch('camera')) return;
    await this.local.setCamera(on);
    if ((this.local.snapshot().camera !== null) === on) await this.tellMuted('camera', !on);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!this.current.writable) return;
    if (!on) {
      this.local.stopScreen();
      await this.tellScreen(false);
      return;
    }
    try {
      await this.local.startScreen(() => void this.tellScreen(false));
    } catch (error) {
      // Not allowed is also what a cancelled picker says: the user knows.
      if (error instanceof Error && error.name === 'NotAllowedError') return;
      this.toast(deviceProblem(error, 'screen').title, 'problem');
      return;
    }
    if (this.local.snapshot().screen && !(await this.tellScreen(true))) this.local.stopScreen();
  }

  async muteOther(id: number, source: Source): Promise<void> {
    await this.write((token, meeting) => this.api.setMuted(meeting, token, id, source, true));
  }

  async kick(id: number): Promise<void> {
    await this.write((token, meeting) => this.api.kick(meeting, token, id));
  }

  async leave(): Promise<void> {
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
    this.watched = video;
    clearTimeout(this.watchTimer);
    this.watchTimer = setTimeout(() => this.sendWatch(), WATCH_DEBOUNCE_MS);
  }

  toast(text: string, tone: Toast['tone'] = 'info'): void {
    this.toasts.show(text, tone);
  }

  dismissToast(id: number): void {
    this.toasts.dismiss(id);
  }

  /** Lets go of everything without leaving: the page is going away or the call is over. */
  dispose(): void {
    this.stopWatchingDevices();
    clearTimeout(this.watchTimer);
    this.socket.close();
    this.link.close();
    this.local.stop();
  }

  private onEvent(event: ServerEvent): void {
    const before = this.current.state;
    const notice = noticeOf(before, event);
    this.set({ state: reduce(before, event) });
    if (notice) this.toast(notice);
    switch (event.type) {
      case 'welcome':
        this.onWelcome();
        break;
      case 'muted':
        if (event.participant_id === before.me && event.muted) void this.turnOff(event.source);
        break;
      case 'slots':
        this.link.announce(event.session_id, event.slots);
        break;
      case 'media':
        if (event.phase === 'closed' && event.session_id === this.link.session?.sessionId) {
          this.link.renew();
        }
        break;
      case 'core':
        // Spread a little: every page of the server hears this in the same instant.
        if (event.state === 'restarted') this.link.renew(Math.random() * RENEW_SPREAD_MS);
        break;
      case 'ended':
      case 'kicked':
        this.finish(event.type);
        break;
      default:
        break;
    }
  }

  private onWelcome(): void {
    this.watchSent = '';
    this.sendWatch();
    if (this.current.state.over) {
      this.finish(this.current.state.over);
      return;
    }
    if (!this.me) return;
    const { turnOff, tellMuted } = reconcile(this.me, this.localOn());
    for (const source of turnOff) void this.turnOff(source);
    // After onUp, which follows the welcome: before it nothing may be written.
    queueMicrotask(() => {
      for (const source of tellMuted) {
        void (source === 'screen' ? this.tellScreen(false) : this.tellMuted(source, true));
      }
    });
  }

  private async turnOff(source: Source): Promise<void> {
    if (source === 'audio') await this.local.setMic(false);
    else if (source === 'camera') await this.local.setCamera(false);
    else this.local.stopScreen();
  }

  private async tellMuted(source: Source, muted: boolean): Promise<boolean> {
    // While the service is away nothing is queued: the next welcome reconciles.
    if (!this.current.writable) return false;
    return this.write((token, meeting) =>
      this.api.setMuted(meeting, token, this.current.state.me, source, muted),
    );
  }

  private tellScreen(on: boolean): Promise<boolean> {
    return this.write((token, meeting) => this.api.screenShare(meeting, token, on));
  }

  private async write(
    action: (token: string, meeting: string) => Promise<Participant | void>,
  ): Promise<boolean> {
    if (!this.current.writable || this.current.over) return false;
    try {
      const answer = await action(this.join.token, this.join.meeting.meeting_id);
      if (answer) this.set({ state: withAnswer(this.current.state, answer) });
      return true;
    } catch (error) {
      if (this.current.over) return false;
      const { title, text } = explain(error);
      this.toast(`${title}. ${text}`, 'problem');
      return false;
    }
  }

  private localOn(): Record<Source, boolean> {
    const { micOn, camera, screen } = this.local.snapshot();
    return { audio: micOn, camera: camera !== null, screen: screen !== null };
  }

  private tracks(): Record<Source, MediaStreamTrack | null> {
    const { mic, camera, screen } = this.local.snapshot();
    return { audio: mic, camera, screen };
  }

  /** Sends what the devices now give, and speaks up when one fails or is pulled out. */
  private followDevices(): void {
    const before = this.devices;
    const now = this.local.snapshot();
    this.devices = now;
    if (before.mic !== now.mic) void this.link.setTrack('audio', now.mic);
    if (before.camera !== now.camera) void this.link.setTrack('camera', now.camera);
    if (before.screen !== now.screen) void this.link.setTrack('screen', now.screen);
    if (before.micProblem !== now.micProblem) this.onDeviceProblem('audio', now.micProblem);
    if (before.cameraProblem !== now.cameraProblem) {
      this.onDeviceProblem('camera', now.cameraProblem);
    }
    if (before.starting && !now.starting) this.announceLateDevices();
  }

  private onDeviceProblem(source: Source, problem: DeviceProblem | null): void {
    if (!problem) return;
    this.toast(problem.title, 'problem');
    if (this.me?.muted[source] === false) void this.tellMuted(source, true);
  }

  /** Joined while the browser was still asking for permission: we were announced as muted. */
  private announceLateDevices(): void {
    const on = this.localOn();
    for (const source of ['audio', 'camera'] as const) {
      if (on[source] && this.me?.muted[source]) void this.tellMuted(source, false);
    }
  }

  private sendWatch(): void {
    const video = this.watched;
    const text = JSON.stringify(video);
    if (text !== this.watchSent && this.socket.send({ type: 'watch', video })) this.watchSent = text;
  }

  private onMediaRefused(error: ApiProblem): void {
    if (error.status === 410) this.finish('ended');
    else this.finish('expired');
  }

  private onFinal(why: FinalClose): void {
    this.finish(why === 'expired' ? 'expired' : 'ended');
  }

  private finish(over: Over): void {
    if (this.current.over) return;
    this.set({ over, writable: false });
    this.dispose();
  }

  private set(change: Partial<CallSnapshot>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
