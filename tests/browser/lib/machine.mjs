// What the machine says of itself: idle time, and the processes that one process started.
import { readFileSync, readdirSync } from 'node:fs';

/// Ticks since boot of all processors: idle, and in all.
export function cpuTicks() {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1);
  const ticks = fields.slice(0, 8).map(Number);
  return { idle: ticks[3] + ticks[4], all: ticks.reduce((sum, part) => sum + part, 0) };
}

/// Share of the time between two readings that the processors idled, in percent.
export function idlePercent(before, after) {
  const all = after.all - before.all;
  return all > 0 ? (100 * (after.idle - before.idle)) / all : 100;
}

/// Processes below `root`, at any depth: pid and command line.
export function descendants(root) {
  const parents = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The command's name in the second field may hold spaces and brackets: cut after it.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found].map((pid) => ({ pid, command: commandOf(pid) })).filter((p) => p.command);
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return null;
  }
}

export function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
