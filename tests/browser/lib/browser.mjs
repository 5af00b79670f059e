// Debian's Chromium with fake media, as the tests start it.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Candidates are the real addresses, as they are once a page may use the camera.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

/// Options: `camera`, a y4m file that plays instead of Chromium's own test picture; `microphone`, a
/// wav file that plays instead of its beeps.
export function launchChromium({ camera = null, microphone = null } = {}) {
  const executablePath = process.env.CHROMIUM_BIN ?? PLACES.find(existsSync);
  if (!executablePath) throw new Error('Chromium is missing: apt-get install chromium');
  const device = camera
    ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${camera}`]
    : ['--use-fake-device-for-media-stream=fps=30'];
  if (microphone) device.push(`--use-file-for-fake-audio-capture=${microphone}`);
  // Playwright's own "headless" is an older mode without all media codecs.
  return chromium.launch({ executablePath, headless: false, args: [...FLAGS, ...device] });
}
