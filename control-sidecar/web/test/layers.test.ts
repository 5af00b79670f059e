// How the camera is split into layers.
import { expect, test } from 'vitest';
import { layersFor, linesOf } from '../src/media/layers';

test.each([
  [1080, [270, 540, 1080]],
  [720, [180, 360, 720]],
  [540, [180, 360, 540]],
  [480, [240, 480]],
  [360, [180, 360]],
  [240, [240]],
  [180, [180]],
  [120, [120]],
])('a camera of %i lines', (lines, sent) => {
  const layers = layersFor(lines);
  expect(layers).toHaveLength(3);
  const active = layers.filter((layer) => layer.active);
  expect(active.map((layer) => lines / layer.scaleResolutionDownBy)).toEqual(sent);
  // The lowest come first, and those that are not sent are at the top.
  expect(layers.slice(0, active.length)).toEqual(active);
  const rates = active.map((layer) => layer.maxBitrate);
  expect(rates).toEqual([...new Set(rates)].sort((a, b) => a - b));
});

test('a camera that does not tell its size gets all three', () => {
  expect(layersFor(undefined).every((layer) => layer.active)).toBe(true);
});

test('an upright phone counts its short side', () => {
  const track = (settings: object) => ({ getSettings: () => settings }) as MediaStreamTrack;
  expect(linesOf(track({ width: 720, height: 1280 }))).toBe(720);
  expect(linesOf(track({}))).toBeUndefined();
});
