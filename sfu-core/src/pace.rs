//! How long a worker's wait gathers packets before a pass begins: a trade of latency for wake-ups
//! and for the length of trains, made by how busy the worker has been lately.
//!
//! | the worker is | gathers      | because                                                           |
//! |---------------|--------------|-------------------------------------------------------------------|
//! | calm          | 500 µs       | nearly all of its time goes into waking up: fewer wake-ups, less   |
//! | brisk         | 100 µs       | packets come often enough: half of them should leave within 150 µs |
//! | loaded        | 250 … 0 µs   | gathering and the pass that follows take a millisecond together    |
//!
//! That is the latency that it adds at the most: a wait ends as soon as enough has come, and a
//! worker that is behind does not wait at all. A pass takes as long as what came during the one
//! before and the wait asks for, so at the share `b` busy a wait of `g` makes a round of `g / (1 − b)`:
//! a fixed millisecond would be four at three quarters and ten at nine tenths. What makes trains
//! under load is the pass itself, while which packets wait.

use std::time::Duration;

/// The busy share is smoothed over this time: some passes, but not so long that a join storm or
/// the end of a meeting goes unnoticed.
const MEMORY: Duration = Duration::from_millis(100);

/// From one wait of a loaded worker to the next.
const ROUND: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Calm,
    Brisk,
    Loaded,
}

#[derive(Debug)]
pub(crate) struct Pace {
    mood: Mood,
    /// Share of the time that passes took, smoothed: 0 to 1.
    busy: f32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            mood: Mood::Calm,
            busy: 0.0,
        }
    }
}

impl Pace {
    /// A pass took `busy` of the `wall` time from its beginning to the next one's. The ways between
    /// two moods lie apart, since gathering less makes the worker busier by itself.
    pub(crate) fn note(&mut self, busy: Duration, wall: Duration) {
        if wall.is_zero() {
            return;
        }
        let share = (busy.as_secs_f32() / wall.as_secs_f32()).min(1.0);
        let weight = (wall.as_secs_f32() / MEMORY.as_secs_f32()).min(1.0);
        self.busy += (share - self.busy) * weight;
        self.mood = match self.mood {
            Mood::Calm if self.busy > 0.75 => Mood::Loaded,
            Mood::Calm if self.busy > 0.20 => Mood::Brisk,
            Mood::Brisk if self.busy > 0.75 => Mood::Loaded,
            Mood::Brisk if self.busy < 0.10 => Mood::Calm,
            Mood::Loaded if self.busy < 0.10 => Mood::Calm,
            Mood::Loaded if self.busy < 0.55 => Mood::Brisk,
            mood => mood,
        };
    }

    pub(crate) fn gather(&self) -> Duration {
        match self.mood {
            Mood::Calm => Duration::from_micros(500),
            Mood::Brisk => Duration::from_micros(100),
            Mood::Loaded => ROUND.mul_f32(1.0 - self.busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gathering time in microseconds after `passes` of a millisecond, each so busy.
    fn after(pace: &mut Pace, passes: u32, percent: u64) -> u128 {
        for _ in 0..passes {
            pace.note(
                Duration::from_micros(percent * 10),
                Duration::from_millis(1),
            );
        }
        pace.gather().as_micros()
    }

    #[test]
    fn it_follows_the_load_up_and_down() {
        let mut pace = Pace::default();
        assert_eq!(after(&mut pace, 1_000, 5), 500);
        assert_eq!(after(&mut pace, 1_000, 30), 100);
        assert_eq!(after(&mut pace, 1_000, 95), 50);
        assert_eq!(after(&mut pace, 1_000, 80).next_multiple_of(10), 200);
        assert_eq!(after(&mut pace, 1_000, 40), 100);
        assert_eq!(after(&mut pace, 1_000, 5), 500);
    }

    #[test]
    fn one_long_pass_is_no_load() {
        let mut pace = Pace::default();
        after(&mut pace, 1_000, 5);
        pace.note(Duration::from_millis(3), Duration::from_millis(3));
        assert_eq!(pace.gather().as_micros(), 500);
    }

    #[test]
    fn between_two_moods_it_stays_as_it_is() {
        let mut pace = Pace::default();
        assert_eq!(after(&mut pace, 1_000, 15), 500);
        assert_eq!(after(&mut pace, 1_000, 30), 100);
        assert_eq!(after(&mut pace, 1_000, 15), 100);
    }

    #[test]
    fn an_idle_hour_makes_it_calm_at_once() {
        let mut pace = Pace::default();
        after(&mut pace, 1_000, 95);
        pace.note(Duration::from_micros(10), Duration::from_secs(1));
        assert_eq!(pace.gather().as_micros(), 500);
    }
}
