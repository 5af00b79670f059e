// The core is killed in the middle of a call: media is set up anew, by itself.
import { timed, until } from '../lib/wait.mjs';

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Core restart');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ada.sees(ben);
  await ben.sees(ada);

  const before = await ada.snapshot();
  const pid = t.server.kill('core');
  const ms = await timed(async () => {
    const renewed = () => ada.page.evaluate(() => window.millrace.pc && window.millrace.sessionId);
    await until('a new session', async () => {
      const id = await renewed();
      return id && id !== before.sessionId;
    }, 30_000);
    await Promise.all([ada.sees(ben, 'camera', 30_000), ben.sees(ada, 'camera', 30_000)]);
    await Promise.all([ada.keepsSeeing(ben), ben.keepsSeeing(ada)]);
  });
  t.report.check('media is back by itself ≤ 20 s', ms <= 20_000, { ms });
  const next = t.server.pidOf('core');
  t.report.check('it is another process', next !== null && next !== pid, { pid, next });
  const meeting = await t.server.meeting(t.meetingId);
  t.report.check('the meeting is the same', meeting.participants.length === 2, {
    names: meeting.participants.map((one) => one.name),
  });
  const { id } = ada;
  t.report.check('nobody had to join again', (await ada.page.evaluate(() => window.millrace.participantId)) === id);
}
