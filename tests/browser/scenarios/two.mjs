// Two people see and hear each other; one mutes, one leaves.
import { checkAudio, checkCipher, checkLeave, checkMute, checkTiles, everyone } from '../lib/checks.mjs';

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Two people');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await Promise.all([ada.connected(), ben.connected()]);

  await checkTiles(t, [ada, ben], everyone([ada, ben]));
  await checkCipher(t, ada);
  await checkCipher(t, ben);
  await checkAudio(t, ada, [ben]);
  await checkAudio(t, ben, [ada]);
  await checkMute(t, ada, ben);
  await checkCamera(t, ada, ben);
  await checkLeave(t, ben, [ada]);
}

async function checkCamera(t, ada, ben) {
  await ada.click('camera-button');
  const off = `[data-testid="tile-${ada.id}"][data-source="none"]`;
  const gone = await ben.page.waitForSelector(off, { timeout: 5_000 }).catch(() => null);
  t.report.check('camera off clears the picture', gone);
  await ada.click('camera-button');
  const back = await ben.keepsSeeing(ada, 'camera').catch(() => false);
  t.report.check('camera on brings the picture back', back);
}
