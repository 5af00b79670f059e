// An ICE restart changes the ways and keeps DTLS: same session, same keys, media goes on.
import { until } from '../lib/wait.mjs';

export async function run(t) {
  const browser = await t.browser();
  await t.meet('ICE restart');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await ada.sees(ben);
  await ben.sees(ada);

  // "DTLS stayed as it was" once failed; suspected, not shown: certificates missing from statistics
  // that were read right after the handshake.
  const complete = async () => {
    const now = await ada.snapshot();
    return now.transport.remoteCertificateId && now;
  };
  const before = await until('the certificates are known', complete, 5_000);
  const opened = await t.server.counter('millrace_sessions_opened_total');
  await ada.page.evaluate(() => window.millrace.iceRestart());

  let after = before;
  const moved = async () => {
    after = await ada.snapshot();
    return after.transport.local.usernameFragment !== before.transport.local.usernameFragment;
  };
  const nominated = await until('a pair with the new user name', moved, 10_000).catch(() => false);
  t.report.check('the pair in use has the new user name', nominated, {
    before: before.transport.local.usernameFragment,
    after: after.transport.local.usernameFragment,
  });
  t.report.check(
    "the appliance's user name is new too",
    after.transport.remote.usernameFragment !== before.transport.remote.usernameFragment,
    { after: after.transport.remote.usernameFragment },
  );

  const goesOn = await Promise.all([ada.keepsSeeing(ben), ben.keepsSeeing(ada)]).catch(() => false);
  t.report.check('media goes on both ways', goesOn);
  after = await ada.snapshot();
  t.report.check('it is the same session', after.sessionId === before.sessionId);
  const dtls = ({ transport }) =>
    [transport.dtlsState, transport.srtpCipher, transport.localCertificateId, transport.remoteCertificateId].join();
  t.report.check('DTLS stayed as it was', dtls(after) === dtls(before) && after.transport.dtlsState === 'connected', {
    before: dtls(before),
    after: dtls(after),
  });
  const openedAfter = await t.server.counter('millrace_sessions_opened_total');
  t.report.check('no further handshake', openedAfter === opened, { opened, openedAfter });
}
