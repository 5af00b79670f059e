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

  async setMic(on: boolean): Promise<void> {
    if (!this.canSwitch('audio')) return;
    await this.deps.local.setMic(on);
    if (this.isOn().audio === on) await this.tellMuted('audio', !on);
  }

  async setCamera(on: boolean): Promise<void> {
    if (!this.canSwitch('camera')) return;
    await this.deps.local.setCamera(on);
    if (this.isOn().camera === on) await this.tellMuted('camera', !on);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!this.deps.writable()) return;
    const { local } = this.deps;
    if (!on) {
      local.stopScreen();
      await this.tellScreen(false);
      return;
    }
    try {
      await local.startScreen(() => void this.tellScreen(false));
    } catch (error) {
      // Not allowed is also what a cancelled picker says: the user knows.
      if (error instanceof Error && error.name === 'NotAllowedError') return;
      const { title, text } = deviceProblem(error, 'screen');
      this.deps.problem(`${title}. ${text}`);
      return;
    }
    if (this.isOn().screen && !(await this.tellScreen(true))) local.stopScreen();
  }

  /** The service says that it is muted: by a host, or taken over by another screen. */
  async turnOff(source: Source): Promise<void> {
    const { local } = this.deps;
    if (source === 'audio') await local.setMic(false);
    else if (source === 'camera') await local.setCamera(false);
    else local.stopScreen();
  }

  /** After each welcome: what was muted meanwhile goes off, what is off here is told. */
  reconcile(): void {
    const me = this.deps.me();
    if (!me) return;
    const { turnOff, tellMuted } = reconcile(me, this.isOn());
    for (const source of turnOff) void this.turnOff(source);
    for (const source of tellMuted) {
      void (source === 'screen' ? this.tellScreen(false) : this.tellMuted(source, true));
    }
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
    if (this.deps.me()?.muted[source] === false) void this.tellMuted(source, true);
  }

  /** Joined while the browser was still asking for permission: we were announced as muted. */
  private announceLateDevices(): void {
    const on = this.isOn();
    for (const source of ['audio', 'camera'] as const) {
      if (on[source] && this.deps.me()?.muted[source]) void this.tellMuted(source, false);
    }
  }

  /** While the service is away nothing is queued: the next welcome reconciles. */
  private async tellMuted(source: Source, muted: boolean): Promise<void> {
    const me = this.deps.me();
    if (!me || !this.deps.writable()) return;
    await this.deps.write((token, meeting) =>
      this.deps.api.setMuted(meeting, token, me.participant_id, source, muted),
    );
  }

  private async tellScreen(on: boolean): Promise<boolean> {
    if (!this.deps.writable()) return false;
    return this.deps.write((token, meeting) => this.deps.api.screenShare(meeting, token, on));
  }
}
