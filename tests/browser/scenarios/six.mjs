// Six people with small cameras and windows, so that the machine carries six encoders, thirty
// decoders and the painting of thirty-six pictures, all without a GPU.
import { join } from 'node:path';
import { checkAudio, checkLeave, checkTiles, everyone } from '../lib/checks.mjs';
import { writeCamera } from '../lib/y4m.mjs';

const WINDOW = { width: 800, height: 500 };

export async function run(t) {
  const browser = await t.browser({ camera: writeCamera(join(t.resultsDir, 'camera.y4m')) });
  await t.meet('Six people');
  const all = [];
  for (const name of ['Ada', 'Ben', 'Cleo', 'Dov', 'Eve', 'Finn']) {
    all.push(await t.join(browser, name, { viewport: WINDOW }));
  }
  await Promise.all(all.map((one) => one.connected()));
  await checkTiles(t, all, everyone(all));
  await checkAudio(t, all[0], all.slice(1));
  await checkLeave(t, all[5], all.slice(0, 5));
}
