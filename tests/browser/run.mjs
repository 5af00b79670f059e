// Runs scenarios, each against an appliance of its own, and prints one line a check:
//   ./namespaces.sh node run.mjs [--update-screenshot] [SCENARIO…]
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { launchChromium } from './lib/browser.mjs';
import { Participant } from './lib/participant.mjs';
import { Report } from './lib/report.mjs';
import { Server } from './lib/server.mjs';

const RESULTS = resolve(import.meta.dirname, '../results');
const SCENARIOS = join(import.meta.dirname, 'scenarios');
const DEADLINE_MS = 180_000;

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const known = readdirSync(SCENARIOS).map((file) => basename(file, '.mjs'));
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no scenario "${unknown[0]}"; there are: ${known.join(', ')}`);
  process.exit(2);
}

/// What a scenario works with. It ends what it started, whatever happened.
class Test {
  #browsers = [];
  participants = [];

  constructor(name, report) {
    this.report = report;
    this.resultsDir = join(RESULTS, name);
    this.updateScreenshot = flags.includes('--update-screenshot');
    rmSync(this.resultsDir, { recursive: true, force: true });
    mkdirSync(this.resultsDir, { recursive: true });
    this.server = new Server(this.resultsDir);
  }

  async browser(options) {
    const browser = await launchChromium(options);
    this.#browsers.push(browser);
    return browser;
  }

  async meet(title) {
    this.meetingId = await this.server.createMeeting(title);
  }

  async join(browser, name, options) {
    const participant = await Participant.join(browser, this, name, options);
    this.participants.push(participant);
    return participant;
  }

  async end() {
    for (const { name, faults } of this.participants) {
      this.report.check(`no uncaught error in the page of ${name}`, faults.length === 0, { faults });
    }
    await Promise.all(this.#browsers.map((browser) => browser.close()));
    await this.server.stop();
    const panicked = /panicked at/.test(this.server.log());
    this.report.check('nothing panicked', !panicked);
  }
}

async function runScenario(name, report) {
  const { run, skip, serverArgs } = await import(join(SCENARIOS, `${name}.mjs`));
  report.begin(name);
  const reason = skip?.();
  if (reason) {
    report.note(`skipped: ${reason}`);
    return;
  }
  const t = new Test(name, report);
  const start = performance.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    await Promise.race([t.server.start(serverArgs).then(() => run(t)), late]);
  } catch (error) {
    report.check('runs to its end', false, { why: error.message.split('\n')[0] });
    await Promise.all(t.participants.map((one, at) => lastPicture(one, join(t.resultsDir, `failed-${at}.png`))));
  } finally {
    clearTimeout(timer);
    await t.end().catch((error) => report.check('ends cleanly', false, { why: error.message }));
  }
  report.note(`took ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function lastPicture(participant, path) {
  return participant.page.screenshot({ path, timeout: 5_000 }).catch(() => undefined);
}

mkdirSync(RESULTS, { recursive: true });
const report = new Report();
for (const name of named.length > 0 ? named : known) {
  await runScenario(name, report);
  report.write(join(RESULTS, 'browser.json'));
}
console.log(`\nchecks: ${report.checks.length - report.failed.length} passed, ${report.failed.length} failed`);
process.exit(report.failed.length > 0 ? 1 : 0);
