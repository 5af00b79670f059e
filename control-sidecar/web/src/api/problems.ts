// Errors of the service (RFC 9457 problem documents) and their wording for people. Every text
// says what is wrong and what the reader can do; the machine's own wording is the last resort.

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** The last part of the problem's `type` address, or '' when there is none. */
    readonly slug: string,
    readonly title: string,
    readonly detail: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${status} ${title}${detail ? `: ${detail}` : ''}`);
    this.name = 'ApiProblem';
  }
}

/** No answer came at all: network, server down, or timed out. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super('the meeting service cannot be reached', { cause });
    this.name = 'Unreachable';
  }
}

export interface Explanation {
  readonly kind: 'not-found' | 'over' | 'expired' | 'forbidden' | 'full' | 'busy' | 'unreachable' | 'other';
  readonly title: string;
  readonly text: string;
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // A proxy in between answers with HTML: the status alone has to do.
  }
  const text = (key: string) => (typeof body[key] === 'string' ? body[key] : '');
  return new ApiProblem(
    response.status,
    text('type').split('/').pop() ?? '',
    text('title') || response.statusText || `Status ${response.status}`,
    text('detail'),
    retryAfter(response.headers.get('Retry-After')),
  );
}

function retryAfter(header: string | null): number | null {
  const seconds = Number(header ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

export function explain(error: unknown): Explanation {
  if (error instanceof Unreachable) {
    return {
      kind: 'unreachable',
      title: 'The meeting service can’t be reached',
      text: 'Check your network connection, then try again.',
    };
  }
  if (!(error instanceof ApiProblem)) {
    const text = error instanceof Error ? error.message : String(error);
    return { kind: 'other', title: 'Something went wrong', text };
  }
  switch (error.status) {
    case 401:
      return {
        kind: 'expired',
        title: 'Your place in the meeting has expired',
        text: 'Join again to carry on.',
      };
    case 403:
      return { kind: 'forbidden', title: 'You can’t do that here', text: error.detail || error.title };
    case 404:
      return {
        kind: 'not-found',
        title: 'There is no meeting with this code',
        text: 'Check the code or ask for the link again.',
      };
    case 410:
      return {
        kind: 'over',
        title: 'This meeting is over',
        text: 'The host has ended it. You can start a new one.',
      };
    case 503:
      return unavailable(error);
    default:
      return { kind: 'other', title: error.title, text: error.detail };
  }
}

/** Why the service cannot now; which of these it is, only the problem's type tells. */
function unavailable({ slug, retryAfterSeconds }: ApiProblem): Explanation {
  switch (slug) {
    case 'full':
      return {
        kind: 'full',
        title: 'There is no room right now',
        text: `The meeting or its server is full. ${waitText(retryAfterSeconds)}`,
      };
    case 'core-down':
      return {
        kind: 'busy',
        title: 'The media service is restarting…',
        text: 'Sound and picture come back by themselves in a moment.',
      };
    case 'busy':
      return {
        kind: 'busy',
        title: 'The meeting service is busy',
        text: `It has more to do than it can. ${waitText(retryAfterSeconds)}`,
      };
    default:
      return {
        kind: 'busy',
        title: 'The meeting service can’t do that right now',
        text: waitText(retryAfterSeconds),
      };
  }
}

function waitText(seconds: number | null): string {
  if (seconds === null) return 'Try again in a moment.';
  return seconds <= 1 ? 'Try again in a second.' : `Try again in ${Math.ceil(seconds)} seconds.`;
}
