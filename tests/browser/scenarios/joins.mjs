// Twenty people join one after the other by the button, while one is there and sends: the time from
// their click to the first frame of the other.
import { join } from 'node:path';
import { percentile, until } from '../lib/wait.mjs';
import { writeCamera } from '../lib/y4m.mjs';

const JOINS = 20;
const P95_MAX_MS = 2_000;

export async function run(t) {
  const browser = await t.browser({ camera: writeCamera(join(t.resultsDir, 'camera.y4m')) });
  await t.meet('Coming and going');
  const host = await t.join(browser, 'Host');
  await host.connected();

  const times = [];
  const steps = [];
  for (let number = 1; number <= JOINS; number += 1) {
    const guest = await t.join(browser, `Guest ${number}`, { click: true });
    const seen = async () => (await guest.timeline()).firstRemoteFrame;
    await until(`guest ${number} sees a frame`, seen, 15_000);
    const timeline = await guest.timeline();
    times.push(Math.round(timeline.firstRemoteFrame - timeline.joinClick));
    steps.push(timeline);
    await guest.click('leave-button');
    await host.tile(guest).waitFor({ state: 'detached', timeout: 10_000 });
    await guest.close();
  }
  const p95 = percentile(times, 95);
  t.report.check(`join click to first remote frame, P95 of ${JOINS} ≤ 2 s`, p95 <= P95_MAX_MS, {
    p95,
    p50: percentile(times, 50),
    max: Math.max(...times),
    ...meanSteps(steps),
  });
}

/// Where the time goes: the mean length of each step.
function meanSteps(steps) {
  const order = ['joinClick', 'offerPosted', 'answered', 'connected', 'firstRemoteFrame'];
  const spans = {};
  for (const [at, step] of order.entries()) {
    if (at === 0) continue;
    const lengths = steps.map((one) => one[step] - one[order[at - 1]]).filter(Number.isFinite);
    spans[`to_${step}`] = Math.round(lengths.reduce((sum, one) => sum + one, 0) / lengths.length);
  }
  return spans;
}
