// The HTTP side of the contract. Each user action has one Idempotency-Key; a retry of the same
// action reuses it, so that a lost answer can be asked for again without doing the thing twice.
import { problemOf, Unreachable } from './problems';
import type { Join, Meeting, Participant, Source } from './types';

const TIMEOUT_MS = 10_000;
/** Waits before the second and third try of one action. */
const RETRY_WAITS_MS = [300, 1_000];
/** Answers of a proxy that could not reach the service: nothing is known about the action. */
const GATEWAY_STATUS = [502, 504];

export interface MediaAnswer {
  readonly sdp: string;
  readonly sessionUrl: string;
  readonly sessionId: string;
  readonly etag: string;
}

export class Api {
  constructor(private readonly fetcher: typeof fetch = (...args) => fetch(...args)) {}

  createMeeting(title?: string): Promise<Meeting> {
    return this.write('/api/v1/meetings', title ? { title } : {});
  }

  async meeting(id: string): Promise<Meeting> {
    const response = await this.withRetry(() => this.send(meetingPath(id), {}));
    return (await response.json()) as Meeting;
  }

  join(id: string, name: string): Promise<Join> {
    return this.write(`${meetingPath(id)}/join`, { name });
  }

  async leave(id: string, token: string): Promise<void> {
    await this.write(`${meetingPath(id)}/leave`, {}, token);
  }

  async end(id: string, token: string): Promise<void> {
    await this.write(`${meetingPath(id)}/end`, {}, token);
  }

  setMuted(id: string, token: string, pid: number, source: Source, muted: boolean): Promise<Participant> {
    const verb = muted ? 'mute' : 'unmute';
    return this.write(`${meetingPath(id)}/participants/${pid}/${verb}`, { source }, token);
  }

  async kick(id: string, token: string, pid: number): Promise<void> {
    await this.write(`${meetingPath(id)}/participants/${pid}/kick`, {}, token);
  }

  screenShare(id: string, token: string, on: boolean): Promise<Participant> {
    return this.write(`${meetingPath(id)}/screen-share/${on ? 'start' : 'stop'}`, {}, token);
  }

  /** RFC 9725 §4.2: the offer goes out, the answer and the session's own address come back. */
  async postOffer(mediaUrl: string, token: string, offer: string): Promise<MediaAnswer> {
    const response = await this.send(mediaUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` },
      body: offer,
    });
    const location = response.headers.get('Location') ?? '';
    const sessionUrl = new URL(location, new URL(mediaUrl, pageBase())).pathname;
    return {
      sdp: await response.text(),
      sessionUrl,
      sessionId: sessionUrl.split('/').pop() ?? '',
      etag: response.headers.get('ETag') ?? '*',
    };
  }

  /** RFC 9725 §4.3.3: an ICE restart. Answers the server's new credentials and the new ETag. */
  async restartIce(sessionUrl: string, token: string, etag: string, fragment: string) {
    const response = await this.send(sessionUrl, {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/trickle-ice-sdpfrag',
        Authorization: `Bearer ${token}`,
        'If-Match': etag,
      },
      body: fragment,
    });
    return { fragment: await response.text(), etag: response.headers.get('ETag') ?? etag };
  }

  async deleteSession(sessionUrl: string, token: string): Promise<void> {
    // keepalive lets the request outlive the page.
    const headers = { Authorization: `Bearer ${token}` };
    await this.send(sessionUrl, { method: 'DELETE', headers, keepalive: true });
  }

  private async write<T>(path: string, body: object, token?: string): Promise<T> {
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      'Idempotency-Key': newKey(),
    };
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await this.withRetry(() => this.send(path, init));
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  private async withRetry(attempt: () => Promise<Response>): Promise<Response> {
    for (const wait of RETRY_WAITS_MS) {
      try {
        return await attempt();
      } catch (error) {
        if (!isWorthRetrying(error)) throw error;
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    return attempt();
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetcher(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new Unreachable(error);
    }
    if (response.ok) return response;
    if (GATEWAY_STATUS.includes(response.status)) throw new Unreachable(await problemOf(response));
    throw await problemOf(response);
  }
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof Unreachable;
}

function meetingPath(id: string): string {
  return `/api/v1/meetings/${encodeURIComponent(id)}`;
}

function pageBase(): string {
  return globalThis.location?.href ?? 'http://localhost/';
}

/** crypto.randomUUID exists in secure contexts only; joining to watch works without one. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

