//! A budget that refills by itself: so much at once, so much a second.

use crate::time::Instant;

/// A whole token, in the parts that it is counted in.
pub(super) const TOKEN: u64 = 1_000;

#[derive(Debug)]
pub(crate) struct TokenBucket {
    parts: u64,
    parts_max: u64,
    tokens_per_second: u64,
    refilled: Instant,
}

impl TokenBucket {
    pub(super) fn new(tokens_max: u64, tokens_per_second: u64, now: Instant) -> Self {
        Self {
            parts: tokens_max * TOKEN,
            parts_max: tokens_max * TOKEN,
            tokens_per_second,
            refilled: now,
        }
    }

    /// Adds parts of a token that were earned.
    pub(super) fn earn(&mut self, parts: u64) {
        self.parts = (self.parts + parts).min(self.parts_max);
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let elapsed = u64::try_from(now.since(self.refilled).as_millis()).unwrap_or(u64::MAX);
        if elapsed > 0 {
            self.refilled = now;
            // A thousandth of a token for each millisecond and token a second.
            self.earn(
                elapsed
                    .saturating_mul(self.tokens_per_second)
                    .min(self.parts_max),
            );
        }
        let enough = self.parts >= TOKEN;
        if enough {
            self.parts -= TOKEN;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn a_burst_then_a_rate() {
        let mut bucket = TokenBucket::new(3, 10, at(0));
        let taken = (0..10).filter(|_| bucket.take(at(0))).count();
        assert_eq!(taken, 3);
        let taken = (0..1_000).filter(|ms| bucket.take(at(*ms))).count();
        assert_eq!(taken, 9);
    }

    #[test]
    fn never_more_than_the_burst() {
        let mut bucket = TokenBucket::new(3, 1_000_000, at(0));
        bucket.earn(u64::from(u32::MAX));
        let taken = (0..10).filter(|_| bucket.take(at(1_000_000))).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn what_is_earned_can_be_spent() {
        let mut bucket = TokenBucket::new(3, 0, at(0));
        (0..3).for_each(|_| assert!(bucket.take(at(0))));
        (0..4).for_each(|_| bucket.earn(TOKEN / 5));
        assert!(!bucket.take(at(0)));
        bucket.earn(TOKEN / 5);
        assert!(bucket.take(at(0)));
    }
}
