//! When each source sends its next frame. Sources of one rate are spread evenly over its period, the
//! same way in every run: a load whose sources all send at once measures its own bursts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::clock::SECOND;

/// The fraction of the golden ratio: however many sources there are, its multiples fill the period
/// without heaps and holes.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// A frame that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub source: usize,
    pub due: u64,
}

#[derive(Debug)]
pub struct Timetable {
    /// The next frame of each source: when, and whose.
    next: BinaryHeap<Reverse<(u64, usize)>>,
    /// Nanoseconds between frames.
    periods: Vec<u64>,
}

impl Timetable {
    /// `rates`: frames a second of each source.
    pub fn new(start: u64, rates: impl IntoIterator<Item = f64>) -> Self {
        let periods: Vec<u64> = rates.into_iter().map(period).collect();
        let next = periods
            .iter()
            .enumerate()
            .map(|(source, period)| Reverse((start + phase(source, *period), source)))
            .collect();
        Self { next, periods }
    }

    /// When the next frame of all is due.
    pub fn due(&self) -> Option<u64> {
        self.next.peek().map(|Reverse((due, _))| *due)
    }

    /// The next frame that is due by `now`. Its source's next one is due a period after it was due,
    /// however late it leaves: the rate holds.
    pub fn take(&mut self, now: u64) -> Option<Turn> {
        let mut first = self.next.peek_mut().filter(|first| first.0.0 <= now)?;
        let (due, source) = first.0;
        first.0.0 = due + self.periods[source];
        Some(Turn { source, due })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate is positive, and a period far below 2^52 nanoseconds"
)]
fn period(rate: f64) -> u64 {
    (SECOND as f64 / rate).round().max(1.0) as u64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a fraction of the period"
)]
fn phase(source: usize, period: u64) -> u64 {
    ((source as f64 * GOLDEN).fract() * period as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(table: &mut Timetable, until: u64) -> Vec<Turn> {
        std::iter::from_fn(|| table.take(until)).collect()
    }

    #[test]
    fn each_source_keeps_its_rate() {
        let mut table = Timetable::new(0, [30.0, 50.0, 1.0, 1_000.0]);
        let turns = turns(&mut table, 10 * SECOND - 1);
        for (source, frames) in [(0, 300), (1, 500), (2, 10), (3, 10_000)] {
            let sent = turns.iter().filter(|turn| turn.source == source).count();
            assert!(sent.abs_diff(frames) <= 1, "{source}: {sent}");
        }
        assert!(turns.is_sorted_by_key(|turn| turn.due));
    }

    #[test]
    fn sources_are_spread_over_the_period() {
        let sources = 97;
        let mut table = Timetable::new(0, vec![10.0; sources]);
        let due: Vec<u64> = turns(&mut table, SECOND / 10 - 1)
            .iter()
            .map(|turn| turn.due)
            .collect();
        assert_eq!(due.len(), sources, "one period, one frame of each");
        let mean_gap = SECOND / 10 / sources as u64;
        let widest = due.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest.unwrap() < 4 * mean_gap, "{widest:?}");
    }

    #[test]
    fn lateness_does_not_lower_the_rate() {
        let mut table = Timetable::new(0, [10.0]);
        // Looked at only once a second.
        let sent: usize = (1..=10)
            .map(|second| turns(&mut table, second * SECOND - 1).len())
            .sum();
        assert_eq!(sent, 100);
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut table = Timetable::new(SECOND, [10.0]);
        assert_eq!(table.take(SECOND - 1), None);
        assert_eq!(table.due(), Some(SECOND));
        assert_eq!(Timetable::new(0, []).due(), None);
    }
}
