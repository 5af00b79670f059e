// Our own microphone, camera and screen: keeps three views of them in step, namely the devices,
// the media link that sends them, and the service that tells the others.
import type { Api } from '../api/client';
import type { Participant, Source } from '../api/types';
import type { LocalMedia, LocalState } from '../media/devices';
import { type DeviceProblem, deviceProblem } from '../media/problems';
import { reconcile } from './state';

export interface OwnDeps {
  readonly api: Api;
  readonly local: LocalMedia;
  me(): Participant | undefined;
  writable(): boolean;
  /** Runs a write to the service; answers whether it was done, and has told the user if not. */
  write(action: (token: string, meeting: string) => Promise<Participant | void>): Promise<boolean>;
  send(source: Source, track: MediaStreamTrack | null): void;
  problem(text: string): void;
}

export class OwnSources {
  private devices: LocalState;
  private readonly turns = { audio: Promise.resolve(), camera: Promise.resolve() };
  private readonly telling: Record<Source, Promise<void> | null> = {
    audio: null,
    camera: null,
    screen: null,
  };
  private readonly unsubscribe: () => void;

  constructor(private readonly deps: OwnDeps) {
    this.devices = deps.local.snapshot();
    this.unsubscribe = deps.local.subscribe(() => this.followDevices());
  }

  stop(): void {
    this.unsubscribe();
  }

  tracks(): Record<Source, MediaStreamTrack | null> {
    const { mic, camera, screen } = this.deps.local.snapshot();
    return { audio: mic, camera, screen };
  }

  /**
   * May this source be switched now? While the service is away nothing can be written, but what it
   * last heard to be on may be paused and resumed here: one's own microphone must never be stuck on.
   */
  canSwitch(source: Source): boolean {
    if (this.deps.writable()) return true;
    return source !== 'screen' && this.deps.me()?.muted[source] === false;
  }

  setMic(on: boolean): Promise<void> {
    return this.switch('audio', () => on);
  }

  setCamera(on: boolean): Promise<void> {
    return this.switch('camera', () => on);
  }

  /** To the other state than the one that the switches before this one lead to. */
  toggle(source: 'audio' | 'camera'): Promise<void> {
    return this.switch(source, () => !this.isOn()[source]);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!this.deps.writable()) return;
    const { local } = this.deps;
    if (!on) {
      local.stopScreen();
      await this.tell('screen');
      return;
    }
    try {
      await local.startScreen(() => void this.tell('screen'));
    } catch (error) {
      // Not allowed is also what a cancelled picker says: the user knows.
      if (error instanceof Error && error.name === 'NotAllowedError') return;
      const { title, text } = deviceProblem(error, 'screen');
      this.deps.problem(`${title}. ${text}`);
      return;
    }
    await this.tell('screen');
  }

  /**
   * The service says that a source of ours is muted or not. What others did (a host, the next
   * sharer) is done here too. Our own deeds come back as an echo, which may be late: by then the
   * switch may be elsewhere, so it says nothing about the devices.
   */
  onMuted(event: { source: Source; muted: boolean; by: number }): void {
    if (event.by !== this.deps.me()?.participant_id && event.muted) void this.turnOff(event.source);
  }

  /** After each welcome: what was muted meanwhile goes off, what is off here is told. */
  reconcile(): void {
    const me = this.deps.me();
    if (!me) return;
    const { turnOff, tellMuted } = reconcile(me, this.isOn());
    for (const source of turnOff) void this.turnOff(source);
    for (const source of tellMuted) void this.tell(source);
  }

  /** One at a time for each device: the camera may take its time to open. */
  private async switch(source: 'audio' | 'camera', wish: () => boolean): Promise<void> {
    if (!this.canSwitch(source)) return;
    await this.inTurn(source, () => this.setDevice(source, wish()));
    await this.tell(source);
  }

  private async turnOff(source: Source): Promise<void> {
    if (source === 'screen') this.deps.local.stopScreen();
    else await this.inTurn(source, () => this.setDevice(source, false));
  }

  private setDevice(source: 'audio' | 'camera', on: boolean): Promise<void> {
    const { local } = this.deps;
    return source === 'audio' ? local.setMic(on) : local.setCamera(on);
  }

  private inTurn(source: 'audio' | 'camera', act: () => Promise<void>): Promise<void> {
    const turn = this.turns[source].then(act);
    this.turns[source] = turn.catch(() => undefined);
    return turn;
  }

  private isOn(): Record<Source, boolean> {
    const { micOn, camera, screen } = this.deps.local.snapshot();
    return { audio: micOn, camera: camera !== null, screen: screen !== null };
  }

  /** Sends what the devices now give, and speaks up when one fails or is pulled out. */
  private followDevices(): void {
    const before = this.devices;
    const now = this.deps.local.snapshot();
    this.devices = now;
    if (before.mic !== now.mic) this.deps.send('audio', now.mic);
    if (before.camera !== now.camera) this.deps.send('camera', now.camera);
    if (before.screen !== now.screen) this.deps.send('screen', now.screen);
    if (before.micProblem !== now.micProblem) this.onDeviceProblem('audio', now.micProblem);
    if (before.cameraProblem !== now.cameraProblem) {
      this.onDeviceProblem('camera', now.cameraProblem);
    }
    if (before.starting && !now.starting) this.announceLateDevices();
  }

  private onDeviceProblem(source: Source, problem: DeviceProblem | null): void {
    if (!problem) return;
    this.deps.problem(`${problem.title}. ${problem.text}`);
    void this.tell(source);
  }

  /** Joined while the browser was still asking for permission: we were announced as muted. */
  private announceLateDevices(): void {
    void this.tell('audio');
    void this.tell('camera');
  }

  /**
   * Tells the service how a source stands, until it knows. One write at a time for each source: two
   * on their way at once could arrive in either order. What changes meanwhile is seen at the answer.
   * While the service is away nothing is queued: the next welcome reconciles.
   */
  private tell(source: Source): Promise<void> {
    this.telling[source] ??= this.tellUntilKnown(source).finally(() => {
      this.telling[source] = null;
    });
    return this.telling[source];
  }

  private async tellUntilKnown(source: Source): Promise<void> {
    let told: boolean | null = null;
    for (;;) {
      const me = this.deps.me();
      const on = this.isOn()[source];
      if (!me || !this.deps.writable() || me.muted[source] === !on) return;
      // It knows, and yet holds otherwise: somebody else has switched, and their event follows.
      if (told === on) return;
      told = on;
      const done = await this.write(source, on, me.participant_id);
      if (done) continue;
      // Nobody hears or sees what the service holds muted: the page must not show it as on.
      if (on && this.deps.writable()) await this.turnOff(source);
      return;
    }
  }

  private write(source: Source, on: boolean, me: number): Promise<boolean> {
    const { api } = this.deps;
    return this.deps.write((token, meeting) =>
      source === 'screen'
        ? api.screenShare(meeting, token, on)
        : api.setMuted(meeting, token, me, source, !on),
    );
  }
}
