//! Packets of one layer that are missing, and when to ask the publisher for them again
//! (RFC 4585 §6.2.1). Asked at once, then once a round trip, until it is too late to matter.

use core::time::Duration;

use crate::time::Instant;

/// Missing packets remembered at a time. A longer hole is no loss to be repaired but an
/// interruption: a key frame mends it sooner.
pub(crate) const MISSING_MAX: usize = 128;

/// A repair later than this finds nobody waiting: browsers' jitter buffers hold about half a
/// second.
const GIVE_UP_AFTER: Duration = Duration::from_millis(500);

/// Times one packet is asked for.
const ASKED_MAX: u8 = 5;

#[derive(Clone, Copy, Debug)]
struct Missing {
    sequence: u64,
    since: Instant,
    asked_at: Option<Instant>,
    asked: u8,
}

#[derive(Debug)]
pub(crate) struct Gap {
    missing: Vec<Missing>,
    highest: Option<u64>,
}

/// What a new packet did to the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    InOrder,
    /// Packets before it are missing.
    AfterLoss,
    /// It was missing, or overtaken.
    Late,
    /// More are missing than repairs can mend: the layer needs a key frame.
    AfterInterruption,
}

impl Default for Gap {
    fn default() -> Self {
        Self {
            missing: Vec::with_capacity(MISSING_MAX),
            highest: None,
        }
    }
}

impl Gap {
    /// The source begins anew: nothing is missing.
    pub(crate) fn clear(&mut self) {
        self.missing.clear();
        self.highest = None;
    }

    pub(crate) fn note(&mut self, now: Instant, sequence: u64) -> Arrived {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return Arrived::InOrder;
        };
        if sequence <= highest {
            self.missing.retain(|missing| missing.sequence != sequence);
            return Arrived::Late;
        }
        self.highest = Some(sequence);
        let lost = sequence - highest - 1;
        if lost == 0 {
            return Arrived::InOrder;
        }
        if lost > (MISSING_MAX - self.missing.len()) as u64 {
            self.missing.clear();
            return Arrived::AfterInterruption;
        }
        self.missing
            .extend((highest + 1..sequence).map(|sequence| Missing {
                sequence,
                since: now,
                asked_at: None,
                asked: 0,
            }));
        Arrived::AfterLoss
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// A key frame needs nothing of what was before it.
    pub(super) fn forget_before(&mut self, sequence: u64) {
        self.missing.retain(|missing| missing.sequence > sequence);
    }

    /// Writes into `wanted` what to ask for now, oldest first; returns whether anything was given
    /// up, which only a key frame can mend.
    pub(crate) fn due(
        &mut self,
        now: Instant,
        round_trip: Duration,
        mut wanted: impl FnMut(u64),
    ) -> bool {
        let before = self.missing.len();
        self.missing.retain(|missing| {
            let is_answer_due = missing
                .asked_at
                .is_some_and(|asked_at| now.since(asked_at) >= round_trip);
            let is_spent = missing.asked == ASKED_MAX && is_answer_due;
            !is_spent && now.since(missing.since) < GIVE_UP_AFTER
        });
        for missing in &mut self.missing {
            if missing
                .asked_at
                .is_none_or(|asked_at| now.since(asked_at) >= round_trip)
            {
                missing.asked_at = Some(now);
                missing.asked += 1;
                wanted(missing.sequence);
            }
        }
        self.missing.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn asked(gap: &mut Gap, ms: u64) -> Vec<u64> {
        let mut wanted = Vec::new();
        gap.due(at(ms), RTT, |sequence| wanted.push(sequence));
        wanted
    }

    #[test]
    fn a_hole_is_asked_for_once_a_round_trip_until_it_is_filled() {
        let mut gap = Gap::default();
        assert_eq!(gap.note(at(0), 10), Arrived::InOrder);
        assert_eq!(gap.note(at(0), 13), Arrived::AfterLoss);
        assert_eq!(asked(&mut gap, 0), [11, 12]);
        assert_eq!(asked(&mut gap, 49), []);
        assert_eq!(gap.note(at(49), 11), Arrived::Late);
        assert_eq!(asked(&mut gap, 50), [12]);
        assert_eq!(gap.note(at(60), 12), Arrived::Late);
        assert_eq!(asked(&mut gap, 200), []);
    }

    #[test]
    fn what_comes_too_late_is_given_up() {
        let mut gap = Gap::default();
        gap.note(at(0), 1);
        gap.note(at(0), 3);
        assert!(!gap.due(at(499), RTT, |_| ()));
        assert!(gap.due(at(500), RTT, |_| ()));
        assert_eq!(asked(&mut gap, 501), []);
    }

    #[test]
    fn five_times_is_enough() {
        let mut gap = Gap::default();
        gap.note(at(0), 1);
        gap.note(at(0), 3);
        let times = (0..40)
            .filter(|step| !asked(&mut gap, step * 10).is_empty())
            .count();
        assert_eq!(times, 5);
    }

    #[test]
    fn the_last_request_has_its_round_trip_too() {
        let mut gap = Gap::default();
        gap.note(at(0), 1);
        gap.note(at(0), 3);
        let gave_up = |gap: &mut Gap, ms| gap.due(at(ms), RTT, |_| ());
        for ms in [0, 50, 100, 150, 200, 210, 249] {
            assert!(!gave_up(&mut gap, ms), "after {ms} ms");
        }
        assert!(gave_up(&mut gap, 250));
    }

    #[test]
    fn a_long_hole_is_an_interruption() {
        let mut gap = Gap::default();
        gap.note(at(0), 1);
        assert_eq!(gap.note(at(0), 131), Arrived::AfterInterruption);
        assert_eq!(asked(&mut gap, 0), []);
        assert_eq!(gap.note(at(0), 133), Arrived::AfterLoss);
    }
}
