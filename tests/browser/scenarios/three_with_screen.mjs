// Three people, one of whom shares a screen. The picture of it is the one in the README.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkAudio, checkLeave, checkTiles, everyone } from '../lib/checks.mjs';

const IMAGES = resolve(import.meta.dirname, '../../../docs/images');

export async function run(t) {
  const browser = await t.browser();
  await t.meet('Weekly review');
  const ada = await t.join(browser, 'Ada Lovelace');
  const ben = await t.join(browser, 'Ben Okri');
  const cleo = await t.join(browser, 'Cleo Park');
  const all = [ada, ben, cleo];
  await Promise.all(all.map((one) => one.connected()));

  await ben.click('screen-button');
  const screens = [ada, cleo].map((viewer) => ({ viewer, from: ben, source: 'screen' }));
  await checkTiles(t, all, [...everyone(all), ...screens]);
  await checkAudio(t, ada, [ben, cleo]);

  const picture = join(t.resultsDir, 'call.png');
  await ada.page.waitForSelector('[data-testid="screen-tile"] video');
  await ada.page.screenshot({ path: picture });
  t.report.note('picture of the call: three_with_screen/call.png');
  if (t.updateScreenshot) {
    mkdirSync(IMAGES, { recursive: true });
    copyFileSync(picture, join(IMAGES, 'call.png'));
  }

  await ben.click('screen-button');
  const gone = ada.element('screen-tile').waitFor({ state: 'detached', timeout: 2_000 });
  t.report.check('the screen goes ≤ 2 s after sharing stops', await gone.then(() => true, () => false));
  await checkLeave(t, cleo, [ada, ben]);
}
