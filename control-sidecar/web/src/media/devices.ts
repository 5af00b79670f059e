// The devices of this page: microphone, camera, screen. One object lives from the join screen to
// the end of the call. Muting keeps the microphone open (unmuting is instant); camera off stops
// the device, so that its light goes out.
import { type DeviceProblem, deviceProblem, INSECURE_CONTEXT } from './problems';

export interface LocalState {
  readonly mic: MediaStreamTrack | null;
  readonly camera: MediaStreamTrack | null;
  readonly screen: MediaStreamTrack | null;
  readonly micOn: boolean;
  readonly micProblem: DeviceProblem | null;
  readonly cameraProblem: DeviceProblem | null;
  readonly starting: boolean;
  readonly mics: readonly MediaDeviceInfo[];
  readonly cameras: readonly MediaDeviceInfo[];
}

export interface DeviceChoice {
  readonly micId?: string | undefined;
  readonly cameraId?: string | undefined;
}

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
/** What moves on a screen (a video, scrolling) should be seen to move. */
const SCREEN: MediaTrackConstraints = { frameRate: { ideal: 30, max: 30 } };
const MIC: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export class LocalMedia {
  choice: DeviceChoice;
  private state: LocalState = {
    mic: null,
    camera: null,
    screen: null,
    micOn: false,
    micProblem: null,
    cameraProblem: null,
    starting: false,
    mics: [],
    cameras: [],
  };
  private readonly listeners = new Set<() => void>();
  private stopped = false;

  constructor(choice: DeviceChoice = {}) {
    this.choice = choice;
    devicesApi()?.addEventListener('devicechange', this.refresh);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): LocalState => this.state;

  /** Opens what is wanted: with one question to the user if both are, and each alone if that fails. */
  async start(want: { mic: boolean; camera: boolean }): Promise<void> {
    if (!devicesApi()) {
      this.set({ micProblem: INSECURE_CONTEXT, cameraProblem: INSECURE_CONTEXT });
      return;
    }
    this.set({ starting: true });
    if (want.mic && want.camera) {
      try {
        const both = await this.capture({ audio: this.micWish(), video: this.cameraWish() });
        this.adoptMic(both.getAudioTracks()[0] ?? null);
        this.adoptCamera(both.getVideoTracks()[0] ?? null);
        want = { mic: false, camera: false };
      } catch {
        // One of them failed; asking for each alone says which.
      }
    }
    if (want.mic) await this.openMic();
    if (want.camera) await this.openCamera();
    this.set({ starting: false });
    await this.refresh();
  }

  async setMic(on: boolean): Promise<void> {
    if (on && !this.state.mic) await this.openMic();
    else this.enableMic(on);
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) await this.openCamera();
    else {
      this.state.camera?.stop();
      this.set({ camera: null });
    }
  }

  async pickMic(deviceId: string): Promise<void> {
    this.choice = { ...this.choice, micId: deviceId };
    const wasOn = this.state.micOn;
    this.state.mic?.stop();
    this.set({ mic: null });
    await this.openMic();
    this.enableMic(wasOn);
  }

  async pickCamera(deviceId: string): Promise<void> {
    this.choice = { ...this.choice, cameraId: deviceId };
    if (!this.state.camera) return;
    await this.setCamera(false);
    await this.openCamera();
  }

  /** Throws what getDisplayMedia throws: the caller knows whether to mention it. */
  async startScreen(onEndedByBrowser: () => void): Promise<void> {
    const api = devicesApi();
    if (!api?.getDisplayMedia) throw new DOMException('', 'NotSupportedError');
    const stream = await api.getDisplayMedia({ video: SCREEN, audio: false });
    const screen = stream.getVideoTracks()[0] ?? null;
    if (screen) {
      // Text must stay sharp, so resolution is kept when there is too little rate. Frames are only
      // dropped then: a moving screen was still seen at its full 30 a second.
      screen.contentHint = 'detail';
      screen.addEventListener('ended', () => {
        if (this.state.screen !== screen) return;
        this.set({ screen: null });
        onEndedByBrowser();
      });
    }
    this.set({ screen });
  }

  stopScreen(): void {
    this.state.screen?.stop();
    this.set({ screen: null });
  }

  stop(): void {
    this.stopped = true;
    devicesApi()?.removeEventListener('devicechange', this.refresh);
    for (const track of [this.state.mic, this.state.camera, this.state.screen]) track?.stop();
    this.set({ mic: null, camera: null, screen: null, micOn: false });
    this.listeners.clear();
  }

  private async openMic(): Promise<void> {
    // Each attempt says anew what went wrong with it.
    this.set({ micProblem: null });
    try {
      const stream = await this.capture({ audio: this.micWish() });
      this.adoptMic(stream.getAudioTracks()[0] ?? null);
    } catch (error) {
      this.set({ mic: null, micOn: false, micProblem: problemOf(error, 'microphone') });
    }
  }

  private async openCamera(): Promise<void> {
    this.set({ cameraProblem: null });
    try {
      const stream = await this.capture({ video: this.cameraWish() });
      this.adoptCamera(stream.getVideoTracks()[0] ?? null);
    } catch (error) {
      this.set({ camera: null, cameraProblem: problemOf(error, 'camera') });
    }
  }

  private async capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const api = devicesApi();
    if (!api) throw new DOMException('', 'InsecureContext');
    const stream = await api.getUserMedia(constraints);
    if (this.stopped) for (const track of stream.getTracks()) track.stop();
    return stream;
  }

  private adoptMic(mic: MediaStreamTrack | null): void {
    this.state.mic?.stop();
    mic?.addEventListener('ended', () => {
      if (this.state.mic === mic) this.set({ mic: null, micOn: false, micProblem: unplugged('microphone') });
    });
    this.set({ mic, micOn: mic !== null, micProblem: null });
  }

  private adoptCamera(camera: MediaStreamTrack | null): void {
    this.state.camera?.stop();
    if (camera) camera.contentHint = 'motion';
    camera?.addEventListener('ended', () => {
      if (this.state.camera === camera) this.set({ camera: null, cameraProblem: unplugged('camera') });
    });
    this.set({ camera, cameraProblem: null });
  }

  private enableMic(on: boolean): void {
    if (this.state.mic) this.state.mic.enabled = on;
    this.set({ micOn: on && this.state.mic !== null });
  }

  // `ideal`, not `exact`: a device that has gone away gives way to the one that is there.
  private micWish(): MediaTrackConstraints {
    return this.choice.micId ? { ...MIC, deviceId: { ideal: this.choice.micId } } : MIC;
  }

  private cameraWish(): MediaTrackConstraints {
    return this.choice.cameraId ? { ...CAMERA, deviceId: { ideal: this.choice.cameraId } } : CAMERA;
  }

  private readonly refresh = async (): Promise<void> => {
    const all = (await devicesApi()?.enumerateDevices().catch(() => [])) ?? [];
    // Before permission is given, devices have no id: there is nothing to choose from.
    const of = (kind: MediaDeviceKind) => all.filter((d) => d.kind === kind && d.deviceId !== '');
    this.set({ mics: of('audioinput'), cameras: of('videoinput') });
  };

  private set(change: Partial<LocalState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** Absent in insecure contexts, whatever the types say. */
function devicesApi(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined;
}

function problemOf(error: unknown, kind: 'microphone' | 'camera'): DeviceProblem {
  return devicesApi() ? deviceProblem(error, kind) : INSECURE_CONTEXT;
}

function unplugged(kind: 'microphone' | 'camera'): DeviceProblem {
  return { title: `The ${kind} was disconnected`, text: 'Connect it again or choose another.' };
}
