import { describe, expect, test } from 'vitest';
import type { Participant } from '../src/api/types';
import { chooseTiles, filmStrip, fitGrid, GAP, initials, stageMode } from '../src/ui/layout';

const desktop = { width: 1252, height: 632 };
const phone = { width: 370, height: 760 };

describe('fitGrid', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('%i tiles fit a desktop and a phone', (count) => {
    for (const area of [desktop, phone]) {
      const grid = fitGrid(count, area);
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
      expect(grid.columns * grid.width + (grid.columns - 1) * GAP).toBeLessThanOrEqual(area.width);
      expect(grid.rows * grid.height + (grid.rows - 1) * GAP).toBeLessThanOrEqual(area.height);
      expect(grid.width / grid.height).toBeLessThan(1.79);
      expect(grid.width / grid.height).toBeGreaterThan(0.79);
    }
  });

  test('nine are three by three, four two by two', () => {
    expect(fitGrid(9, desktop)).toMatchObject({ columns: 3, rows: 3 });
    expect(fitGrid(4, desktop)).toMatchObject({ columns: 2, rows: 2 });
  });

  test('two stand side by side on a desktop and above each other on a phone', () => {
    expect(fitGrid(2, desktop).columns).toBe(2);
    expect(fitGrid(2, phone).columns).toBe(1);
  });

  test('an area of nothing gives tiles of nothing', () => {
    expect(fitGrid(3, { width: 0, height: 0 })).toMatchObject({ width: 0, height: 0 });
  });
});

describe('filmStrip', () => {
  test('is beside the screen on a desktop and fills its height at most', () => {
    const strip = filmStrip(5, desktop);
    expect(strip.vertical).toBe(true);
    expect(strip.capacity * (strip.height + GAP) - GAP).toBeLessThanOrEqual(desktop.height);
  });

  test('is below it on a phone', () => {
    expect(filmStrip(5, phone)).toMatchObject({ vertical: false, capacity: 6 });
  });
});

describe('chooseTiles', () => {
  const people = [1, 2, 3, 4, 5].map((participant_id) => ({ participant_id }) as Participant);
  const ids = (chosen: readonly Participant[]) => chosen.map((p) => p.participant_id);

  test('all, when there is room', () => {
    expect(chooseTiles(people, 5, new Map()).hidden).toEqual([]);
  });

  test('who spoke last comes in, in the order of joining, with a place for the rest', () => {
    const { shown, hidden } = chooseTiles(people, 4, new Map([[5, 9], [4, 3]]));
    expect(ids(shown)).toEqual([1, 4, 5]);
    expect(ids(hidden)).toEqual([2, 3]);
  });

  test('no room at all hides everyone', () => {
    expect(chooseTiles(people, 0, new Map()).shown).toEqual([]);
  });
});

test('stageMode', () => {
  expect(stageMode(0, false)).toBe('alone');
  expect(stageMode(1, false)).toBe('pair');
  expect(stageMode(2, false)).toBe('grid');
  expect(stageMode(0, true)).toBe('screen');
});

test.each([
  ['Ada Lovelace', 'AL'],
  ['  lin ', 'L'],
  ['Ingrid van der Berg', 'IB'],
  ['😀 Smile', '😀S'],
  ['', '?'],
])('initials of %j', (name, expected) => {
  expect(initials(name)).toBe(expected);
});
