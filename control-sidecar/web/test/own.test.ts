// Our own sources against the service: what may be switched when, and what is told.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Api } from '../src/api/client';
import type { BySource, Participant } from '../src/api/types';
import type { LocalMedia, LocalState } from '../src/media/devices';
import { OwnSources } from '../src/meeting/own';

class FakeLocal {
  state = { mic: {}, camera: null, screen: null, micOn: true, starting: false } as unknown as LocalState;
  private listener = () => {};

  readonly snapshot = () => this.state;

  readonly subscribe = (listener: () => void) => {
    this.listener = listener;
    return () => {};
  };

  set(change: object): void {
    this.state = { ...this.state, ...change };
    this.listener();
  }

  async setMic(on: boolean): Promise<void> {
    this.set({ micOn: on });
  }

  async setCamera(on: boolean): Promise<void> {
    this.set({ camera: on ? {} : null });
  }

  stopScreen(): void {
    this.set({ screen: null });
  }
}

let local: FakeLocal;
let writable: boolean;
let muted: BySource;
let told: string[];
let problems: string[];
let own: OwnSources;
/** Answers to writes wait here while a test holds them back. */
let held: (() => void)[] | null;
let refuses: boolean;

beforeEach(() => {
  local = new FakeLocal();
  writable = true;
  muted = { audio: false, camera: true, screen: true };
  told = [];
  problems = [];
  held = null;
  refuses = false;
  const know = (source: string, off: boolean) => {
    told.push(`${source} ${off ? 'off' : 'on'}`);
    if (!refuses) muted = { ...muted, [source]: off };
  };
  const api = {
    setMuted: (_m: string, _t: string, _id: number, source: string, off: boolean) => know(source, off),
    screenShare: (_m: string, _t: string, on: boolean) => know('screen', !on),
  } as unknown as Api;
  own = new OwnSources({
    api,
    local: local as unknown as LocalMedia,
    me: () => ({ participant_id: 2, muted }) as unknown as Participant,
    writable: () => writable,
    write: async (action) => {
      if (held) await new Promise<void>((go) => held?.push(go));
      await action('t', 'm');
      return !refuses;
    },
    send: () => {},
    problem: (text) => problems.push(text),
  });
});

describe('while the service answers', () => {
  test('a switch acts here and is told', async () => {
    await own.setMic(false);
    await own.setCamera(true);
    expect(local.state.micOn).toBe(false);
    expect(told).toEqual(['audio off', 'camera on']);
  });

  test('a device that is pulled out is said, and told as off', () => {
    local.set({ mic: null, micOn: false, micProblem: { title: 'Gone', text: 'Plug it in.' } });
    expect(problems).toEqual(['Gone. Plug it in.']);
    expect(told).toEqual(['audio off']);
  });

  test('permission given late is told: we had come in as muted', () => {
    muted = { audio: true, camera: true, screen: true };
    local.set({ starting: true });
    local.set({ starting: false });
    expect(told).toEqual(['audio on']);
  });
});

describe('while the service is away', () => {
  beforeEach(() => {
    writable = false;
  });

  test('what it heard to be on may be paused and resumed here, and nothing is told', async () => {
    await own.setMic(false);
    expect(local.state.micOn).toBe(false);
    await own.setMic(true);
    expect(local.state.micOn).toBe(true);
    expect(told).toEqual([]);
  });

  test('what it heard to be off stays off', async () => {
    await own.setCamera(true);
    expect(local.state.camera).toBeNull();
    expect(own.canSwitch('screen')).toBe(false);
  });

  test('the next welcome tells what was paused', async () => {
    await own.setMic(false);
    writable = true;
    own.reconcile();
    await Promise.resolve();
    expect(told).toEqual(['audio off']);
  });
});

describe('switching quickly', () => {
  const settled = () => new Promise((done) => setTimeout(done));

  async function answerOne(): Promise<void> {
    await settled();
    held?.shift()?.();
    await settled();
  }

  beforeEach(() => {
    held = [];
  });

  test('twice ends as it began, for the service too', async () => {
    void own.toggle('audio');
    await settled();
    void own.toggle('audio');
    await settled();
    expect(held).toHaveLength(1);
    await answerOne();
    await answerOne();
    expect(local.state.micOn).toBe(true);
    expect(told).toEqual(['audio off', 'audio on']);
    expect(muted.audio).toBe(false);
  });

  test('thrice is one write at a time, and no more than needed', async () => {
    for (let press = 0; press < 3; press += 1) void own.toggle('audio');
    await settled();
    expect(held).toHaveLength(1);
    void own.toggle('audio');
    void own.toggle('audio');
    await settled();
    expect(held).toHaveLength(1);
    await answerOne();
    expect(held).toHaveLength(0);
    expect(local.state.micOn).toBe(false);
    expect(told).toEqual(['audio off']);
  });

  test('the late echo of the first switch does not undo the second', async () => {
    void own.toggle('audio');
    await answerOne();
    void own.toggle('audio');
    own.onMuted({ source: 'audio', muted: true, by: 2 });
    await answerOne();
    own.onMuted({ source: 'audio', muted: false, by: 2 });
    await settled();
    expect(local.state.micOn).toBe(true);
    expect(muted.audio).toBe(false);
  });

  test('a second press while the camera opens closes it again', async () => {
    let opened = () => {};
    local.setCamera = async (on) => {
      if (on) await new Promise<void>((go) => (opened = go));
      local.set({ camera: on ? {} : null });
    };
    void own.toggle('camera');
    void own.toggle('camera');
    await settled();
    opened();
    await settled();
    while (held?.length) await answerOne();
    expect(local.state.camera).toBeNull();
    expect(muted.camera).toBe(true);
  });

  test('a host’s mute on top of our own switch stays', async () => {
    void own.toggle('audio');
    await answerOne();
    void own.toggle('audio');
    await settled();
    own.onMuted({ source: 'audio', muted: true, by: 1 });
    while (held?.length) await answerOne();
    expect(local.state.micOn).toBe(false);
    expect(muted.audio).toBe(true);
  });
});

test('what the service refuses to switch on goes off here, and is not asked for without end', async () => {
  muted = { audio: false, camera: true, screen: true };
  refuses = true;
  await own.setCamera(true);
  expect(local.state.camera).toBeNull();
  expect(told).toEqual(['camera on']);
});

test('a host’s mute goes off here', async () => {
  muted = { audio: true, camera: true, screen: true };
  own.reconcile();
  await Promise.resolve();
  expect(local.state.micOn).toBe(false);
  expect(told).toEqual([]);
});
