// One of two reloads the page: the same participant is back in the meeting, with a new session.
import { timed, until } from '../lib/wait.mjs';

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Reload');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ada.sees(ben);
  await ben.sees(ada);
  const before = await ada.snapshot();

  const ms = await timed(async () => {
    await ada.page.reload();
    const back = () => ada.page.evaluate(() => window.millrace?.participantId);
    await until('the page is in the meeting again', async () => (await back()) > 0, 15_000);
    await Promise.all([ada.sees(ben), ben.keepsSeeing(ada)]);
    await ada.keepsSeeing(ben);
  });
  t.report.check('both see each other again ≤ 10 s', ms <= 10_000, { ms });
  const again = await ada.page.evaluate(() => window.millrace.participantId);
  t.report.check('it is the same participant', again === ada.id, { before: ada.id, after: again });
  const { sessionId } = await ada.snapshot();
  t.report.check('in a new session', sessionId !== before.sessionId);
  const { participants } = await t.server.meeting(t.meetingId);
  t.report.check('and nobody is there twice', participants.length === 2);
}
