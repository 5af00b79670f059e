// A flash and a beep leave one browser at the same moment: how far apart are they at the other?
import { flashAndBeep, watchFlashesAndBeeps } from '../lib/inpage.mjs';
import { median, until } from '../lib/wait.mjs';

const FLASHES_MIN = 12;
const APART_MAX_MS = 100;

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Lip sync');
  const speaker = await t.join(browser, 'Speaker', { script: flashAndBeep });
  const listener = await t.join(browser, 'Listener');
  await listener.sees(speaker);
  await listener.page.evaluate(watchFlashesAndBeeps, speaker.id);

  let pairs = [];
  const enough = async () => {
    const { flashes, beeps } = await listener.page.evaluate(() => ({ flashes, beeps }));
    pairs = pair(flashes, beeps);
    return pairs.length >= FLASHES_MIN;
  };
  await until(`${FLASHES_MIN} flashes with their beeps`, enough, 40_000, 500).catch(() => undefined);
  // The first two still see the jitter buffers settle.
  const apart = pairs.slice(2);
  const middle = apart.length > 0 ? median(apart) : Number.NaN;
  t.report.check('enough flashes with their beeps', apart.length >= FLASHES_MIN - 2, { flashes: apart.length });
  t.report.check('|audio − video| ≤ 100 ms, median', Math.abs(middle) <= APART_MAX_MS, {
    median: Math.round(middle),
    each: apart.map(Math.round),
  });
}

/// Audio minus video of each flash that has a beep within half a second.
function pair(flashes, beeps) {
  return flashes
    .map((flash) => {
      const nearest = beeps.reduce((best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best), Number.POSITIVE_INFINITY);
      return nearest - flash;
    })
    .filter((apart) => Math.abs(apart) < 500);
}
