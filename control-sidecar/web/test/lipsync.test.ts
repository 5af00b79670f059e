import { describe, expect, it } from 'vitest';
import { averageMs, nextTarget } from '../src/media/lipsync';

describe('nextTarget', () => {
  it('goes half of the way towards the voice', () => {
    expect(nextTarget(80, 160, 80)).toBe(120);
    expect(nextTarget(120, 100, 140)).toBe(100);
  });
  it('leaves small differences alone', () => {
    expect(nextTarget(117, 105, 100)).toBe(117);
  });
  it('stays within reason', () => {
    expect(nextTarget(80, 0, 300)).toBe(80);
    expect(nextTarget(390, 2_000, 100)).toBe(400);
  });
  it('settles where picture and voice wait alike', () => {
    let target = 80;
    for (let second = 0; second < 20; second++) target = nextTarget(target, 170, target);
    expect(Math.abs(target - 170)).toBeLessThan(10);
  });
});

describe('averageMs', () => {
  it('is what was added, for each that was added', () => {
    expect(averageMs({ delay: 1, count: 10 }, { delay: 3, count: 20 })).toBe(200);
    expect(averageMs(undefined, { delay: 1, count: 10 })).toBe(100);
  });
  it('is nothing when nothing came, or the sums began anew', () => {
    expect(averageMs({ delay: 1, count: 10 }, { delay: 1, count: 10 })).toBeUndefined();
    expect(averageMs({ delay: 5, count: 10 }, { delay: 1, count: 20 })).toBeUndefined();
  });
});
