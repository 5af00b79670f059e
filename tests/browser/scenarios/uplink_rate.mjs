// Congestion feedback works: Chromium dares to send more than 1 Mbit/s of camera.
import { until } from '../lib/wait.mjs';

const BITRATE_MIN = 1_000_000;
const DEADLINE_MS = 20_000;

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Uplink rate');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ben.sees(ada);

  const start = performance.now();
  let last = await ada.snapshot();
  let best = 0;
  const fast = async () => {
    const now = await ada.snapshot();
    best = Math.max(best, rate(last, now));
    last = now;
    return best > BITRATE_MIN;
  };
  const reached = await until('1 Mbit/s', fast, DEADLINE_MS, 1_000).catch(() => false);
  t.report.check('the camera goes over 1 Mbit/s within 20 s', reached, {
    kbit_per_s: Math.round(best / 1000),
    seconds: (performance.now() - start) / 1000,
    widths: last.outbound.filter((one) => one.source === 'camera').map((one) => one.frameWidth),
  });
}

function rate(before, after) {
  const bytes = ({ outbound }) =>
    outbound.filter((one) => one.source === 'camera').reduce((sum, one) => sum + one.bytesSent, 0);
  return ((bytes(after) - bytes(before)) * 8_000) / (after.at - before.at);
}
