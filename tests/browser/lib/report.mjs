// One line a check, with its figures; the same as JSON for whoever compares runs.
import { writeFileSync } from 'node:fs';

export class Report {
  checks = [];
  #scenario = '';
  #notes = [];

  begin(scenario) {
    this.#scenario = scenario;
    console.log(`\n${scenario}`);
  }

  /// Notes a check; the scenario goes on, so that one run shows all that is wrong.
  check(name, passed, figures = {}) {
    const shown = Object.entries(figures).map(([key, value]) => `${key} ${format(value)}`);
    const line = `  ${passed ? 'ok  ' : 'FAIL'} ${name}${shown.length ? `: ${shown.join(', ')}` : ''}`;
    console.log(line);
    this.checks.push({ scenario: this.#scenario, name, passed: Boolean(passed), figures });
    return passed;
  }

  /// Something the reader of the result should know, that is no fault.
  note(text) {
    console.log(`  note ${text}`);
    this.#notes.push({ scenario: this.#scenario, text });
  }

  get failed() {
    return this.checks.filter((check) => !check.passed);
  }

  write(path) {
    const { checks } = this;
    const notes = this.#notes;
    const summary = { passed: checks.length - this.failed.length, failed: this.failed.length };
    writeFileSync(path, `${JSON.stringify({ ...summary, checks, notes }, null, 2)}\n`);
  }
}

function format(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : value.toPrecision(3);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
