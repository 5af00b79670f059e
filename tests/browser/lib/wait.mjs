// Waiting is always for something: a condition, and a deadline after which its absence is a fault.

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// Thrown by a question whose answer will never come.
export class GiveUp extends Error {}

/// Asks until the answer is truthy, and gives it back. A throwing question counts as "not yet".
export async function until(what, question, deadlineMs, everyMs = 50) {
  const start = performance.now();
  for (;;) {
    let failure = null;
    const answer = await Promise.resolve()
      .then(question)
      .catch((error) => {
        if (error instanceof GiveUp) throw error;
        failure = error;
      });
    if (answer) return answer;
    if (performance.now() - start > deadlineMs) {
      const because = failure ? ` (${String(failure.message ?? failure).split('\n')[0]})` : '';
      throw new Error(`not within ${deadlineMs} ms: ${what}${because}`);
    }
    await pause(everyMs);
  }
}

/// The time that something takes, in milliseconds.
export async function timed(action) {
  const start = performance.now();
  await action();
  return Math.round(performance.now() - start);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/// Nearest-rank percentile.
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}
