// What the service knows of our media sessions after it was away.
import { beforeEach, expect, test } from 'vitest';
import type { ServerEvent } from '../src/api/types';
import { Census } from '../src/meeting/census';

let counted: string[][];
let census: Census;
const see = (event: object) => census.see({ seq: 1, ...event } as ServerEvent);
const media = (id: string, phase = 'open') => see({ type: 'media', session_id: id, phase });

beforeEach(() => {
  counted = [];
  census = new Census((known) => counted.push([...known]));
});

test('the pong after a welcome ends it, once', () => {
  see({ type: 'welcome' });
  census.begin('up');
  media('a');
  expect(counted).toEqual([]);
  see({ type: 'pong' });
  see({ type: 'pong' });
  expect(counted).toEqual([['a']]);
});

test('while the core is down nothing is known: its return ends it', () => {
  see({ type: 'welcome' });
  census.begin('down');
  see({ type: 'pong' });
  media('a');
  media('b');
  media('b', 'closed');
  see({ type: 'core', state: 'up' });
  expect(counted).toEqual([['a']]);
});

test('after a restart of the core there is nothing to compare', () => {
  see({ type: 'welcome' });
  census.begin('down');
  see({ type: 'core', state: 'restarted' });
  see({ type: 'pong' });
  expect(counted).toEqual([]);
});

test('the next welcome begins anew', () => {
  media('a');
  see({ type: 'welcome' });
  census.begin('up');
  see({ type: 'pong' });
  expect(counted).toEqual([[]]);
});
