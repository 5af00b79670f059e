// One appliance, started as an operator starts it, in the server's namespace, with a store of its
// own. All that the tests know of its command line is in this file.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hostAddress, request } from './http.mjs';
import { descendants, isAlive } from './machine.mjs';
import { GiveUp, until } from './wait.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;

export function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  return process.env.MILLRACE_BIN ?? join(target, 'release', 'millrace');
}

export class Server {
  #process = null;
  #dataDir = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  #logPath;

  constructor(resultsDir) {
    this.#logPath = join(resultsDir, 'server.log');
    this.address = process.env.MILLRACE_SERVER_ADDRESS ?? hostAddress();
    this.origin = `https://${this.address}:${HTTPS_PORT}`;
  }

  /// `more` are flags that the scenario asks for.
  async start(more = []) {
    const program = binary();
    if (!existsSync(program)) {
      throw new Error(`${program} is missing: run "cargo build --release" first`);
    }
    const args = [
      ...['--data-dir', this.#dataDir],
      ...['--http', `0.0.0.0:${HTTP_PORT}`],
      ...['--https', `0.0.0.0:${HTTPS_PORT}`],
      ...more,
    ];
    const space = process.env.MILLRACE_SERVER_NAMESPACE;
    const whole = space ? ['ip', 'netns', 'exec', space, program, ...args] : [program, ...args];
    const log = openSync(this.#logPath, 'a');
    this.#process = spawn(whole[0], whole.slice(1), {
      stdio: ['ignore', log, log],
      env: { ...process.env, NO_COLOR: '1' },
    });
    closeSync(log);
    await until(
      'the appliance is ready',
      async () => {
        if (this.#process.exitCode !== null) {
          throw new GiveUp(`it ended with ${this.#process.exitCode}: ${this.log().trim().split('\n').at(-1)}`);
        }
        return (await this.health()).ready;
      },
      20_000,
      100,
    );
  }

  async stop() {
    try {
      if (this.#process) await this.#endProcesses();
    } finally {
      rmSync(this.#dataDir, { recursive: true, force: true });
    }
  }

  async #endProcesses() {
    const { pid } = this.#process;
    const all = [pid, ...descendants(pid).map((role) => role.pid)];
    if (isAlive(pid)) {
      this.restartAgain();
      process.kill(pid, 'SIGTERM');
    }
    await until('the appliance ends when told to', () => !all.some(isAlive), 15_000).catch((error) => {
      for (const left of all.filter(isAlive)) process.kill(left, 'SIGKILL');
      throw error;
    });
  }

  async health() {
    return (await request(this.origin, '/v1/health')).json();
  }

  /// The process that carries a role now.
  pidOf(role) {
    const below = [
      { pid: this.#process.pid, command: [] },
      ...descendants(this.#process.pid),
    ];
    return below.find((process) => process.command.slice(1).includes(role))?.pid ?? null;
  }

  /// Until `restartAgain`, a role that dies stays dead: whoever starts it again sleeps.
  holdRestarts() {
    process.kill(this.#process.pid, 'SIGSTOP');
  }

  restartAgain() {
    process.kill(this.#process.pid, 'SIGCONT');
  }

  /// Ends a role the hard way, and gives the pid that was.
  kill(role) {
    const pid = this.pidOf(role);
    if (!pid) throw new Error(`no process carries the role "${role}"`);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  async metrics() {
    const text = (await request(this.origin, '/metrics')).text();
    return parseMetrics(text);
  }

  /// All that the core let go, summed over its reasons.
  async dropped() {
    const metrics = await this.metrics();
    const reasons = {};
    for (const [name, value] of metrics) {
      const reason = /^millrace_dropped_total\{.*reason="([^"]+)"/.exec(name)?.[1];
      if (reason && value > 0) reasons[reason] = (reasons[reason] ?? 0) + value;
    }
    return reasons;
  }

  async counter(name) {
    let sum = 0;
    for (const [key, value] of await this.metrics()) {
      if (key === name || key.startsWith(`${name}{`)) sum += value;
    }
    return sum;
  }

  async createMeeting(title) {
    const answer = await request(this.origin, '/api/v1/meetings', { json: { title } });
    if (answer.status !== 201) throw new Error(`no meeting: ${answer.status} ${answer.text()}`);
    return answer.json().meeting_id;
  }

  async meeting(id) {
    return (await request(this.origin, `/api/v1/meetings/${id}`)).json();
  }

  async join(id, name, role) {
    const answer = await request(this.origin, `/api/v1/meetings/${id}/join`, { json: { name, role } });
    if (answer.status !== 201) throw new Error(`not joined: ${answer.status} ${answer.text()}`);
    return answer.json();
  }

  log() {
    return existsSync(this.#logPath) ? readFileSync(this.#logPath, 'utf8') : '';
  }
}

function parseMetrics(text) {
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => {
    const cut = line.lastIndexOf(' ');
    return [line.slice(0, cut), Number(line.slice(cut + 1))];
  });
}
