// A flash and a beep leave one browser at the same moment: how far apart are they at the other?
import { flashAndBeep, watchFlashesAndBeeps } from '../lib/inpage.mjs';
import { median, until } from '../lib/wait.mjs';

const FLASHES_MIN = 10;
/// The first ones still see the jitter buffers settle.
const SETTLING = 3;
const APART_MAX_MS = 100;

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Lip sync');
  const speaker = await t.join(browser, 'Speaker', { script: flashAndBeep, bypassCSP: true });
  const listener = await t.join(browser, 'Listener', { bypassCSP: true });
  await listener.sees(speaker);

  // The same measurement before anything is sent: what the sending browser and the way of
  // measuring put between the two is not the appliance's.
  const own = median(await apart(speaker, null, SETTLING + 3));
  const each = (await apart(listener, speaker.id, SETTLING + FLASHES_MIN)).map((one) => Math.round(one - own));
  t.report.check('enough flashes with their beeps', each.length >= FLASHES_MIN, { flashes: each.length });
  t.report.check('|audio − video| ≤ 100 ms, median', Math.abs(median(each)) <= APART_MAX_MS, {
    median_ms: median(each),
    each_ms: each,
    at_the_sender_ms: Math.round(own),
  });
}

/// Audio minus video in milliseconds, of each flash after the first few.
async function apart(watcher, participantId, flashes) {
  await watcher.page.evaluate(watchFlashesAndBeeps, participantId);
  let pairs = [];
  const enough = async () => {
    pairs = pair(await watcher.page.evaluate(() => ({ flashes: window.flashes, beeps: window.beeps })));
    return pairs.length >= flashes;
  };
  await until(`${flashes} flashes`, enough, 40_000, 250).catch(() => undefined);
  return pairs.slice(SETTLING);
}

function pair({ flashes, beeps }) {
  const nearest = (flash) =>
    beeps.reduce((best, beep) => (Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best), Infinity);
  return flashes.map((flash) => nearest(flash) - flash).filter((one) => Math.abs(one) < 500);
}
