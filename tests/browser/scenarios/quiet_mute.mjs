// A mute shows at once, also where nobody speaks: the tiles must not wait for the next speaker to be
// drawn anew.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';

const SHOWN_MAX_MS = 2_000;

export async function run(t) {
  const microphone = join(t.resultsDir, 'silence.wav');
  writeFileSync(microphone, silence(1));
  const browser = await t.browser({ microphone });
  await t.meet('Quiet people');
  const ada = await t.join(browser, 'Ada');
  const ben = await t.join(browser, 'Ben');
  await Promise.all([ada.connected(), ben.connected()]);
  await ben.sees(ada);
  await shows(t, ada, ben, true);
  await shows(t, ada, ben, false);
}

async function shows(t, ada, ben, muted) {
  await ada.click('mute-button');
  const badge = async () => (await ben.tile(ada).getAttribute('data-muted')) === String(muted);
  const shown = await until('the badge', badge, SHOWN_MAX_MS).catch(() => false);
  t.report.check(`${ben.name} sees within ${SHOWN_MAX_MS} ms that ${ada.name} is ${muted ? 'muted' : 'back'}`, shown);
}

/// A wav file of nothing: RIFF, PCM, one channel of 16 bits at 48 kHz.
function silence(seconds) {
  const rate = 48_000;
  const data = seconds * rate * 2;
  const file = Buffer.alloc(44 + data);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + data, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(data, 40);
  return file;
}
