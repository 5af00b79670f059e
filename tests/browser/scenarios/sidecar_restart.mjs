// The sidecar is killed in the middle of a call: not one packet is lost, the page says that it can
// only be looked at, and everything is there again by itself.
import { isAlive } from '../lib/machine.mjs';
import { timed, until } from '../lib/wait.mjs';

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Sidecar restart');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ada.sees(ben);
  await ben.sees(ada);
  await ada.keepsSeeing(ben);

  const before = await ada.snapshot();
  const banner = ada.element('readonly-banner').waitFor({ state: 'visible', timeout: 10_000 });
  const core = t.server.pidOf('core');
  t.server.holdRestarts();
  const pid = t.server.kill('sidecar');
  const shown = await banner.then(() => true, () => false);
  t.report.check('the page says that it is read-only', shown);

  for (let time = 0; time < 3; time += 1) {
    const goesOn = await Promise.all([ada.keepsSeeing(ben), ben.keepsSeeing(ada)]).catch(() => false);
    t.report.check('frames keep coming meanwhile', goesOn);
  }
  t.report.check('and the page still says so', await ada.element('readonly-banner').isVisible());
  t.report.check('the core stayed', core !== null && isAlive(core), { core });

  t.server.restartAgain();
  const ms = await timed(() =>
    ada.element('readonly-banner').waitFor({ state: 'hidden', timeout: 30_000 }).catch(() => undefined),
  );
  const hidden = await ada.element('readonly-banner').isHidden();
  t.report.check('the page recovers by itself', hidden, { ms });
  const next = await until('a new sidecar', () => t.server.pidOf('sidecar'), 10_000).catch(() => null);
  t.report.check('it is another process', next !== null && next !== pid, { pid, next });

  const meeting = await t.server.meeting(t.meetingId);
  const names = meeting.participants.map((one) => one.name).sort();
  t.report.check('the roster is known again', names.join() === 'Ada,Ben', { names });
  await checkNothingLost(t, ada, before);

  await ada.click('mute-button');
  const muted = `[data-testid="tile-${ada.id}"][data-muted="true"]`;
  const works = await ben.page.waitForSelector(muted, { timeout: 5_000 }).catch(() => null);
  t.report.check('and the meeting can be acted on again', works);
}

async function checkNothingLost(t, viewer, before) {
  const after = await viewer.snapshot();
  const lost = (one) => one.inbound.reduce((sum, slot) => sum + slot.packetsLost, 0);
  const received = (one) => one.inbound.reduce((sum, slot) => sum + slot.packetsReceived, 0);
  t.report.check('no packet was lost', lost(after) === lost(before), {
    lost: lost(after) - lost(before),
    received: received(after) - received(before),
  });
  t.report.check('it is the same session', after.sessionId === before.sessionId);
}
