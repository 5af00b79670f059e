// Firefox, which shares no code with Chromium, meets a Chromium participant.
import { existsSync } from 'node:fs';
import { launch } from 'puppeteer-core';
import { snapshot } from '../lib/inpage.mjs';
import { until } from '../lib/wait.mjs';

const PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];
const PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
};

const program = process.env.FIREFOX_BIN ?? PLACES.find(existsSync);

export function skip() {
  return program ? null : 'firefox is not installed (apt-get install firefox-esr)';
}

export async function run(t) {
  const chromium = await t.browser();
  await t.meet('Two engines');
  const ada = await t.join(chromium, 'Ada');
  const firefox = await launch({
    browser: 'firefox',
    executablePath: program,
    headless: true,
    acceptInsecureCerts: true,
    extraPrefsFirefox: PREFS,
  });
  try {
    const page = await firefox.newPage();
    await page.goto(`${t.server.origin}/m/${t.meetingId}?name=Fox&autojoin=1`);
    const id = await until('Firefox has joined', () => page.evaluate(() => window.millrace?.participantId), 20_000);
    const fox = { id, name: 'Fox' };

    const seen = await ada.sees(fox, 'camera', 20_000).catch(() => false);
    t.report.check('Chromium sees Firefox', seen);
    let got = {};
    const decoding = async () => {
      const { slots, inbound, transport } = await page.evaluate(snapshot);
      const slot = slots.find((one) => one.participantId === ada.id && one.source === 'camera');
      const { framesDecoded = 0, csrc = null } = inbound.find((one) => one.mid === slot?.mid) ?? {};
      const { dtlsState } = transport;
      got = { framesDecoded, csrc, dtlsState };
      return framesDecoded >= 30;
    };
    const sees = await until('Firefox decodes', decoding, 20_000).catch(() => false);
    t.report.check('Firefox sees Chromium', sees, got);
    t.report.check('Firefox can tell that it is Ada (CSRC)', got.csrc === ada.id, { csrc: got.csrc });
    const start = await ada.audioEnergy();
    const heard = async () => (await ada.audioEnergy()) - start > 1e-4;
    t.report.check('Chromium hears Firefox', await until('sound', heard, 10_000).catch(() => false));
  } finally {
    await firefox.close();
  }
}
