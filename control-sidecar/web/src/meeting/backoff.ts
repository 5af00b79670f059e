// Waits between attempts: they double up to a cap, and each is drawn from its upper half, so that
// a thousand pages which lost the same server do not come back in the same instant.

export class Backoff {
  private attempt = 0;

  constructor(
    private readonly firstMs: number,
    private readonly capMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const full = Math.min(this.capMs, this.firstMs * 2 ** this.attempt);
    this.attempt += 1;
    return Math.round(full / 2 + (full / 2) * this.random());
  }

  reset(): void {
    this.attempt = 0;
  }
}
