// One person in a meeting: a browser context of their own, with our page in it.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import * as inPage from './inpage.mjs';
import { until } from './wait.mjs';

const JOIN_DEADLINE_MS = 15_000;
const WINDOW = { width: 1280, height: 800 };

export class Participant {
  faults = [];

  constructor(name, context, page) {
    this.name = name;
    this.context = context;
    this.page = page;
  }

  /// Opens the meeting's page and joins. Options: `click`, to join as people do, by the button;
  /// `script`, a function that runs in the page before anything of it does; `bypassCSP`, for
  /// measurements that bring code of their own; `viewport`, the size of the window.
  static async join(browser, place, name, options = {}) {
    const { click = false, script = null, bypassCSP = false, viewport = WINDOW } = options;
    const { server, meetingId, resultsDir } = place;
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      bypassCSP,
      viewport,
      permissions: ['camera', 'microphone'],
    });
    const page = await context.newPage();
    const self = new Participant(name, context, page);
    self.#keepLog(join(resultsDir, `page-${name}.log`));
    if (script) await page.addInitScript(script);
    const query = click ? '' : `?name=${encodeURIComponent(name)}&autojoin=1`;
    await page.goto(`${server.origin}/m/${meetingId}${query}`);
    if (click) {
      await self.element('name-input').fill(name);
      await self.element('join-button').click();
    }
    await page.waitForFunction(() => window.millrace?.participantId > 0 && window.millrace.pc, null, {
      timeout: JOIN_DEADLINE_MS,
    });
    self.id = await page.evaluate(() => window.millrace.participantId);
    return self;
  }

  #keepLog(path) {
    this.page.on('console', (message) => appendFileSync(path, `${message.type()} ${message.text()}\n`));
    this.page.on('pageerror', (error) => {
      this.faults.push(error.message);
      appendFileSync(path, `UNCAUGHT ${error.stack}\n`);
    });
  }

  element(testId) {
    return this.page.getByTestId(testId);
  }

  click(testId) {
    return this.element(testId).first().click();
  }

  tile(other) {
    return this.element(`tile-${other.id ?? other}`);
  }

  snapshot() {
    return this.page.evaluate(inPage.snapshot);
  }

  timeline() {
    return this.page.evaluate(() => ({ ...window.millrace.timeline }));
  }

  /// The connection is up.
  connected(deadlineMs = JOIN_DEADLINE_MS) {
    const state = () => this.page.evaluate(() => window.millrace.pc?.connectionState);
    return until(`${this.name} is connected`, async () => (await state()) === 'connected', deadlineMs);
  }

  /// A slot that carries this source of this participant, with its counters; or nothing.
  async slotOf(other, source, at = null) {
    const { slots, inbound } = at ?? (await this.snapshot());
    const slot = slots.find((one) => one.participantId === other.id && one.source === source);
    const counters = slot && inbound.find((one) => one.mid === slot.mid);
    return counters ? { ...slot, ...counters } : null;
  }

  /// Decodes frames of that source.
  sees(other, source = 'camera', deadlineMs = JOIN_DEADLINE_MS) {
    const decoded = async () => (await this.slotOf(other, source))?.framesDecoded > 0;
    return until(`${this.name} sees the ${source} of ${other.name}`, decoded, deadlineMs);
  }

  /// Goes on decoding from now on: ten frames more than there are. A counter that has shrunk belongs
  /// to a new session and counts from where it is; an empty slot counts nothing.
  async keepsSeeing(other, source = 'camera', deadlineMs = 10_000) {
    let start = (await this.slotOf(other, source))?.framesDecoded ?? 0;
    const more = async () => {
      const now = (await this.slotOf(other, source))?.framesDecoded;
      if (now === undefined) return false;
      start = Math.min(start, now);
      return now >= start + 10;
    };
    return until(`${this.name} keeps seeing the ${source} of ${other.name}`, more, deadlineMs);
  }

  async audioEnergy() {
    const { inbound } = await this.snapshot();
    const energies = inbound.filter((one) => one.kind === 'audio').map((one) => one.totalAudioEnergy);
    return energies.reduce((sum, one) => sum + one, 0);
  }

  close() {
    return this.context.close();
  }
}
