import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ServerEvent } from '../src/api/types';
import { EventSocket } from '../src/meeting/socket';

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 1;
  readonly sent: string[] = [];
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  hear(event: object): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const latest = () => {
  const socket = FakeSocket.all[FakeSocket.all.length - 1];
  if (!socket) throw new Error('no socket was opened');
  return socket;
};

let said: string[];
let events: ServerEvent[];
let page: EventTarget;
let socket: EventSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  said = [];
  events = [];
  page = new EventTarget();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('window', page);
  socket = new EventSocket('ws://h/events', 'secret', {
    onEvent: (event) => events.push(event),
    onUp: () => said.push('up'),
    onDown: () => said.push('down'),
    onFinal: (why) => said.push(why),
  });
});

afterEach(() => {
  socket.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('EventSocket', () => {
  test('brings the token as a subprotocol, and is up when welcomed', () => {
    expect(latest().protocols).toEqual(['millrace.events.v1', 'bearer.secret']);
    expect(said).toEqual([]);
    latest().hear({ type: 'welcome', seq: 1 });
    expect(said).toEqual(['up']);
  });

  test('comes back by itself after an ordinary close, and after 4413', () => {
    latest().drop();
    expect(said).toEqual(['down']);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.all).toHaveLength(2);
    latest().drop(4413);
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.all).toHaveLength(3);
  });

  test.each([
    [4401, 'expired'],
    [4404, 'not-found'],
    [4410, 'ended'],
  ])('close code %i is final: %s', (code, why) => {
    latest().drop(code);
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual([why]);
    expect(FakeSocket.all).toHaveLength(1);
  });

  test('does not wait out the back-off when the network returns', () => {
    latest().drop();
    page.dispatchEvent(new Event('online'));
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test('pings, and gives up a server that has fallen silent', () => {
    const first = latest();
    first.hear({ type: 'welcome', seq: 1 });
    vi.advanceTimersByTime(10_000);
    expect(first.sent).toEqual(['{"type":"ping"}']);
    first.hear({ type: 'pong', seq: 2 });
    vi.advanceTimersByTime(30_000);
    expect(said).toEqual(['up', 'down']);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test('what is not an event is passed over', () => {
    latest().onmessage?.({ data: 'not json' });
    latest().onmessage?.({ data: '7' });
    expect(events).toEqual([]);
  });

  test('sends nothing while away', () => {
    latest().drop();
    expect(socket.send({ type: 'watch', video: null })).toBe(false);
  });
});
