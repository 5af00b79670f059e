// The machine of both participants changes its address in the middle of the call, as when a laptop
// moves to another network: media resumes by itself, in the same sessions.
import { execFileSync } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { timed } from '../lib/wait.mjs';

const SECOND = { 4: '10.77.0.3/24', 6: 'fd77::3/64' };

export function skip() {
  return process.env.MILLRACE_SERVER_NAMESPACE ? null : 'it needs a network namespace';
}

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Address change');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ada.sees(ben);
  await ben.sees(ada);

  const before = [await ada.snapshot(), await ben.snapshot()];
  const used = [...new Set(before.map((one) => one.transport.local.address))];
  t.report.check('candidates are real addresses', used.every((one) => /^(10\.77\.0\.|fd77:)/.test(one)), { used });
  try {
    for (const family of [4, 6]) ip('addr', 'add', SECOND[family], 'dev', 'eth0', ...(family === 6 ? ['nodad'] : []));
    // Gone in both families: what is left are the second addresses.
    ip('addr', 'del', '10.77.0.2/24', 'dev', 'eth0');
    ip('addr', 'del', 'fd77::2/64', 'dev', 'eth0');

    const ms = await timed(async () => {
      await Promise.all([ada.keepsSeeing(ben, 'camera', 40_000), ben.keepsSeeing(ada, 'camera', 40_000)]);
    });
    const after = [await ada.snapshot(), await ben.snapshot()];
    t.report.check('media resumes by itself ≤ 30 s', ms <= 30_000, { ms });
    const now = after.map((one) => one.transport.local.address);
    t.report.check('from the new address', now.every((one) => /(10\.77\.0\.3|fd77::3)$/.test(one)), { now });
    const same = after.every((one, at) => one.sessionId === before[at].sessionId);
    t.report.check('in the same sessions', same);
  } finally {
    ip('addr', 'add', '10.77.0.2/24', 'dev', 'eth0');
    ip('addr', 'add', 'fd77::2/64', 'dev', 'eth0', 'nodad');
    for (const family of [4, 6]) ip('addr', 'del', SECOND[family], 'dev', 'eth0');
  }
}

function ip(...words) {
  const family = words.some((word) => word.includes('/') && isIPv4(word.split('/')[0])) ? '-4' : '-6';
  execFileSync('ip', [family, ...words]);
}
