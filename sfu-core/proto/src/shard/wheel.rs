//! A hashed timing wheel: who is to be looked at when. Nobody is visited before it is due, and to
//! file, move or take out an entry costs the same however many there are.
//!
//! ```text
//!  tick    ..  41   42   43   44  ..        one tick is 10 ms, one turn 1.28 s
//!  heads     [ 7 ][ - ][ 3 ][ - ]           the first entry of each tick
//!  links       7 ↔ 2 ↔ 9                    a list through the entries, by their index
//! ```
//!
//! An entry is a number, and stands in the wheel once. Memory is reserved when the number is first
//! filed, so nothing is allocated on the packet path.

use core::time::Duration;

use crate::time::Instant;

const TICK_NANOS: u64 = 10_000_000;
/// How finely it tells times apart: repairs and feedback are timed by it. Losses are asked for
/// within one tick, which also gives reordered packets that long to arrive by themselves.
pub(super) const TICK: Duration = Duration::from_nanos(TICK_NANOS);

/// A turn. What is due later is filed at its end, and filed again by whoever finds it too early.
const BUCKETS: usize = 128;

/// No entry.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
    /// `None`: not in the wheel.
    tick: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Wheel {
    heads: [u32; BUCKETS],
    /// A bit for each bucket that is not empty.
    occupied: u128,
    links: Vec<Link>,
    /// The tick whose entries come next; nothing is filed before it.
    tick: u64,
}

impl Wheel {
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            heads: [NONE; BUCKETS],
            occupied: 0,
            links: Vec::with_capacity(entries_max),
            tick: 0,
        }
    }

    /// Files `entry` for `at`, wherever it stood before.
    pub(super) fn file(&mut self, entry: usize, at: Instant) {
        self.take_out(entry);
        if self.links.len() <= entry {
            let unfiled = Link {
                previous: NONE,
                next: NONE,
                tick: None,
            };
            self.links.resize(entry + 1, unfiled);
        }
        let tick = self.tick_of(at);
        let bucket = bucket_of(tick);
        let Ok(number) = u32::try_from(entry) else {
            return;
        };
        let next = self.heads[bucket];
        self.links[entry] = Link {
            previous: NONE,
            next,
            tick: Some(tick),
        };
        if let Some(next) = self.links.get_mut(next as usize) {
            next.previous = number;
        }
        self.heads[bucket] = number;
        self.occupied |= 1 << bucket;
    }

    /// Files `entry` for `at`, unless it comes earlier anyway.
    pub(super) fn file_sooner(&mut self, entry: usize, at: Instant) {
        let tick = self.tick_of(at);
        let filed = self.links.get(entry).and_then(|link| link.tick);
        if filed.is_none_or(|filed| tick < filed) {
            self.file(entry, at);
        }
    }

    pub(super) fn take_out(&mut self, entry: usize) {
        let Some(link) = self.links.get_mut(entry) else {
            return;
        };
        let Some(tick) = link.tick.take() else { return };
        let (previous, next) = (link.previous, link.next);
        if let Some(next) = self.links.get_mut(next as usize) {
            next.previous = previous;
        }
        let bucket = bucket_of(tick);
        match self.links.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => self.heads[bucket] = next,
        }
        if self.heads[bucket] == NONE {
            self.occupied &= !(1 << bucket);
        }
    }

    /// Takes the next entry that is due out of the wheel.
    pub(super) fn pop(&mut self, now: Instant) -> Option<usize> {
        let now_tick = now.as_nanos() / TICK_NANOS;
        if self.occupied == 0 {
            self.tick = self.tick.max(now_tick);
            return None;
        }
        while self.tick <= now_tick {
            let head = self.heads[bucket_of(self.tick)];
            if head != NONE {
                let entry = head as usize;
                self.take_out(entry);
                return Some(entry);
            }
            if self.tick == now_tick {
                return None; // More may be filed for this very tick.
            }
            self.tick += 1;
        }
        None
    }

    /// When something is due next.
    pub(super) fn next_deadline(&self) -> Instant {
        if self.occupied == 0 {
            return Instant::FAR_FUTURE;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a remainder of the number of buckets"
        )]
        let turned = self.occupied.rotate_right(bucket_of(self.tick) as u32);
        let tick = self.tick + u64::from(turned.trailing_zeros());
        Instant::from_nanos(tick.saturating_mul(TICK_NANOS))
    }

    /// The first tick at or after `at` that can still be filed for.
    fn tick_of(&self, at: Instant) -> u64 {
        let last = self.tick + BUCKETS as u64 - 1;
        at.as_nanos().div_ceil(TICK_NANOS).clamp(self.tick, last)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a remainder of the number of buckets"
)]
const fn bucket_of(tick: u64) -> usize {
    (tick % BUCKETS as u64) as usize
}

const _: () = assert!(BUCKETS == u128::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn due(wheel: &mut Wheel, ms: u64) -> Vec<usize> {
        let mut due: Vec<_> = core::iter::from_fn(|| wheel.pop(at(ms))).collect();
        due.sort_unstable();
        due
    }

    #[test]
    fn nobody_comes_before_it_is_due_and_everybody_once() {
        let mut wheel = Wheel::new(0);
        wheel.file(3, at(25));
        wheel.file(1, at(30));
        wheel.file(2, at(500));
        assert_eq!(wheel.next_deadline(), at(30));
        assert_eq!(due(&mut wheel, 29), []);
        assert_eq!(due(&mut wheel, 30), [1, 3]);
        assert_eq!(wheel.next_deadline(), at(500));
        assert_eq!(due(&mut wheel, 499), []);
        assert_eq!(due(&mut wheel, 2_000), [2]);
        assert_eq!(wheel.next_deadline(), Instant::FAR_FUTURE);
    }

    #[test]
    fn filed_again_is_moved() {
        let mut wheel = Wheel::new(0);
        wheel.file(1, at(100));
        wheel.file_sooner(1, at(200));
        assert_eq!(wheel.next_deadline(), at(100));
        wheel.file_sooner(1, at(50));
        assert_eq!(wheel.next_deadline(), at(50));
        wheel.file(1, at(300));
        assert_eq!(due(&mut wheel, 299), []);
        assert_eq!(due(&mut wheel, 300), [1]);
    }

    #[test]
    fn taken_out_of_anywhere_in_a_list_the_others_stay() {
        for gone in 0..4 {
            let mut wheel = Wheel::new(4);
            (0..4).for_each(|entry| wheel.file(entry, at(10)));
            wheel.take_out(gone);
            wheel.take_out(gone);
            let rest: Vec<_> = (0..4).filter(|entry| *entry != gone).collect();
            assert_eq!(due(&mut wheel, 10), rest);
            assert_eq!(wheel.next_deadline(), Instant::FAR_FUTURE);
        }
    }

    #[test]
    fn what_lies_beyond_a_turn_is_found_too_early_not_too_late() {
        let mut wheel = Wheel::new(0);
        wheel.file(1, at(30_000));
        assert_eq!(due(&mut wheel, 1_269), []);
        assert_eq!(due(&mut wheel, 1_270), [1]);
    }

    #[test]
    fn after_an_idle_hour_it_works_as_before() {
        let mut wheel = Wheel::new(0);
        assert_eq!(due(&mut wheel, 3_600_000), []);
        wheel.file(1, at(3_600_015));
        assert_eq!(wheel.next_deadline(), at(3_600_020));
        assert_eq!(due(&mut wheel, 3_600_019), []);
        assert_eq!(due(&mut wheel, 3_600_020), [1]);
    }

    #[test]
    fn what_was_due_long_ago_comes_at_once() {
        let mut wheel = Wheel::new(0);
        assert_eq!(due(&mut wheel, 5_000), []);
        wheel.file(1, at(10));
        assert_eq!(due(&mut wheel, 5_000), [1]);
        assert_eq!(due(&mut wheel, 5_000), []);
    }
}
