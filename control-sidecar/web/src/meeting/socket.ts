// The event WebSocket: reconnects by itself until it is closed or told that there is nothing to
// come back to. While it is down the call goes on; only the page's knowledge stands still.
import type { ClientEvent, ServerEvent } from '../api/types';
import { Backoff } from './backoff';

const PING_EVERY_MS = 10_000;
/** A server that says nothing for this long, pongs included, is gone though TCP has not noticed. */
const SILENCE_MAX_MS = 22_000;

/** Close codes of the contract that end it; 4413 (we read too slowly) is an ordinary reconnect. */
export type FinalClose = 'expired' | 'not-found' | 'ended';
const FINAL: Readonly<Record<number, FinalClose>> = { 4401: 'expired', 4404: 'not-found', 4410: 'ended' };

export interface SocketCallbacks {
  onEvent(event: ServerEvent): void;
  onUp(): void;
  onDown(): void;
  onFinal(why: FinalClose): void;
}

export class EventSocket {
  private socket: WebSocket | null = null;
  private readonly backoff = new Backoff(500, 8_000);
  private retry: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private closed = false;
  private readonly onOnline = () => this.retryNow();

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly on: SocketCallbacks,
  ) {
    window.addEventListener('online', this.onOnline);
    this.connect();
  }

  send(event: ClientEvent): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(event));
    return true;
  }

  close(): void {
    this.closed = true;
    window.removeEventListener('online', this.onOnline);
    clearTimeout(this.retry);
    clearInterval(this.ping);
    this.socket?.close(1000);
    this.socket = null;
  }

  private connect(): void {
    const socket = new WebSocket(this.url, ['millrace.events.v1', `bearer.${this.token}`]);
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onmessage = (message) => this.onMessage(socket, message);
    socket.onclose = (close) => this.onClose(socket, close.code);
    clearInterval(this.ping);
    this.ping = setInterval(() => this.keepAlive(socket), PING_EVERY_MS);
  }

  private onMessage(socket: WebSocket, message: MessageEvent): void {
    if (socket !== this.socket) return;
    this.heardAt = performance.now();
    const event = parse(message.data);
    if (!event) return;
    // Up means welcomed: an open socket that is never welcomed still knows nothing.
    if (event.type === 'welcome') this.backoff.reset();
    this.on.onEvent(event);
    if (event.type === 'welcome') this.on.onUp();
  }

  private onClose(socket: WebSocket, code: number): void {
    if (socket !== this.socket || this.closed) return;
    this.socket = null;
    clearInterval(this.ping);
    const final = FINAL[code];
    if (final) {
      this.on.onFinal(final);
      return;
    }
    this.on.onDown();
    this.retry = setTimeout(() => this.connect(), this.backoff.next());
  }

  private keepAlive(socket: WebSocket): void {
    if (performance.now() - this.heardAt > SILENCE_MAX_MS) {
      // close() alone would wait for an answer that is not coming.
      socket.close();
      this.onClose(socket, 1006);
    } else this.send({ type: 'ping' });
  }

  private retryNow(): void {
    if (this.socket || this.closed) return;
    clearTimeout(this.retry);
    this.connect();
  }
}

function parse(data: unknown): ServerEvent | null {
  try {
    const event: unknown = JSON.parse(String(data));
    const isEvent = typeof event === 'object' && event !== null && 'type' in event;
    return isEvent ? (event as ServerEvent) : null;
  } catch {
    return null;
  }
}

export function socketUrl(path: string, page: { protocol: string; host: string }): string {
  return `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}${path}`;
}
