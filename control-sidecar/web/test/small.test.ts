// The small pure parts: back-off, addresses, codes, device wording, the level of a sound.
import { describe, expect, test } from 'vitest';
import { levelOf } from '../src/media/level';
import { deviceProblem } from '../src/media/problems';
import { Backoff } from '../src/meeting/backoff';
import { socketUrl } from '../src/meeting/socket';
import { meetingCode } from '../src/ui/code';
import { pageOptions, routeOf } from '../src/ui/router';

describe('Backoff', () => {
  test('doubles up to the cap, and begins anew after a reset', () => {
    const backoff = new Backoff(500, 4_000, () => 1);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1_000, 2_000, 4_000, 4_000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  test('jitter never halves the wait further', () => {
    expect(new Backoff(500, 4_000, () => 0).next()).toBe(250);
  });
});

test('the socket is as secure as the page', () => {
  expect(socketUrl('/e', { protocol: 'https:', host: 'h:1' })).toBe('wss://h:1/e');
  expect(socketUrl('/e', { protocol: 'http:', host: 'h' })).toBe('ws://h/e');
});

test.each([
  ['abc-defg-hij', 'abc-defg-hij'],
  ['  ABC-defg-hij ', 'abc-defg-hij'],
  ['https://meet.example/m/abc-defg-hij?name=x', 'abc-defg-hij'],
  ['abc defg', 'abcdefg'],
  ['../admin', null],
  ['', null],
])('meetingCode(%j)', (typed, code) => {
  expect(meetingCode(typed)).toBe(code);
});

test('routes', () => {
  expect(routeOf('/m/abc-defg-hij')).toEqual({ page: 'meeting', id: 'abc-defg-hij' });
  expect(routeOf('/m/%')).toEqual({ page: 'landing' });
  expect(routeOf('/m/')).toEqual({ page: 'landing' });
  expect(routeOf('/')).toEqual({ page: 'landing' });
});

test('page options', () => {
  expect(pageOptions('?name=Robin%20Vale&autojoin=1')).toEqual({ name: 'Robin Vale', autojoin: true });
  expect(pageOptions('')).toEqual({ name: null, autojoin: false });
});

test.each([
  ['NotFoundError', 'No camera found'],
  ['NotAllowedError', 'The camera is blocked'],
  ['NotReadableError', 'The camera is in use'],
  ['OverconstrainedError', 'That camera is gone'],
])('a camera that fails with %s', (name, title) => {
  const error = Object.assign(new Error('x'), { name });
  expect(deviceProblem(error, 'camera').title).toBe(title);
});

test('levels: silence is 0, full scale is 1, speech in between', () => {
  expect(levelOf(new Float32Array(64))).toBe(0);
  expect(levelOf(new Float32Array(64).fill(1))).toBe(1);
  const speech = levelOf(new Float32Array(64).fill(0.05));
  expect(speech).toBeGreaterThan(0.4);
  expect(speech).toBeLessThan(0.7);
});
