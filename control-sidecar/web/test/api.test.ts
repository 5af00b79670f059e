import { describe, expect, test, vi } from 'vitest';
import { Api } from '../src/api/client';
import { ApiProblem, explain, problemOf, Unreachable } from '../src/api/problems';

const problem = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

describe('problemOf', () => {
  test('reads RFC 9457', async () => {
    const found = await problemOf(
      problem(503, { type: 'https://millrace.dev/problems/full', title: 'Full', detail: 'No place.' }, { 'Retry-After': '20' }),
    );
    expect(found).toMatchObject({ status: 503, slug: 'full', title: 'Full', detail: 'No place.', retryAfterSeconds: 20 });
  });

  test('copes with a proxy’s HTML and with a date in Retry-After', async () => {
    const headers = { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' };
    const found = await problemOf(new Response('<h1>Bad gateway</h1>', { status: 500, headers }));
    expect(found).toMatchObject({ status: 500, slug: '', retryAfterSeconds: null });
  });
});

describe('explain', () => {
  test.each([
    [401, 'expired'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [410, 'over'],
    [503, 'busy'],
    [422, 'other'],
  ])('status %i is %s', (status, kind) => {
    expect(explain(new ApiProblem(status, '', 'T', 'D')).kind).toBe(kind);
  });

  test('says when to try again', () => {
    expect(explain(new ApiProblem(503, 'full', 'Full', '', 20)).text).toContain('in 20 seconds');
  });

  test.each([
    ['full', 'full', 'There is no room right now'],
    ['core-down', 'busy', 'The media service is restarting…'],
    ['busy', 'busy', 'The meeting service is busy'],
    ['something-new', 'busy', 'The meeting service can’t do that right now'],
  ])('503 %s', (slug, kind, title) => {
    const said = explain(new ApiProblem(503, slug, 'T', 'the server is away: try again later', 2));
    expect(said).toMatchObject({ kind, title });
    expect(said.text.match(/try again/gi)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  test('no answer is a matter of the network', () => {
    expect(explain(new Unreachable()).kind).toBe('unreachable');
  });
});

describe('Api', () => {
  test('a retry of one action reuses its Idempotency-Key, another action has its own', async () => {
    vi.useFakeTimers();
    const keys: string[] = [];
    let failures = 2;
    const api = new Api((_input, init) => {
      keys.push(new Headers(init?.headers).get('Idempotency-Key') ?? '');
      if (failures-- > 0) return Promise.reject(new TypeError('network'));
      return Promise.resolve(Response.json({ meeting_id: 'm' }, { status: 201 }));
    });
    const first = api.createMeeting();
    await vi.runAllTimersAsync();
    await first;
    await api.createMeeting();
    vi.useRealTimers();
    expect(keys).toHaveLength(4);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[3]).not.toBe(keys[0]);
    expect(keys[0]).toMatch(/^[\x21-\x7e]{1,128}$/);
  });

  test('a refusal is not tried again', async () => {
    const fetcher = vi.fn(() => Promise.resolve(problem(403, { title: 'No' })));
    await expect(new Api(fetcher).kick('m', 't', 2)).rejects.toBeInstanceOf(ApiProblem);
    expect(fetcher).toHaveBeenCalledTimes(1);
  });

  test('the answer to an offer: session address, its id and the ETag', async () => {
    const headers = { Location: '/api/v1/media/0af7', ETag: '"e1"' };
    const api = new Api(() => Promise.resolve(new Response('v=0', { status: 201, headers })));
    expect(await api.postOffer('/api/v1/meetings/m/media', 't', 'v=0')).toEqual({
      sdp: 'v=0',
      sessionUrl: '/api/v1/media/0af7',
      sessionId: '0af7',
      etag: '"e1"',
    });
  });
});
