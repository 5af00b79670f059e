//! Which packets have been seen (RFC 3711 §3.3.2): the highest index, and one bit for each index
//! of the window that ends with it.
//!
//! ```text
//!        Left        |             Within              |     Right
//!  ──────────────────┼─────────────────────────────────┼──────────────► index
//!   too old to tell    highest − SIZE + 1 … highest       new
//! ```
//!
//! The bit of an index is `index mod SIZE`: moving the window right clears the bits it takes over
//! and shifts nothing.

use crate::dropped::Dropped;

/// Where an index lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Left,
    Within,
    /// By this many beyond the highest.
    Right(u64),
}

/// A window of `64 × WORDS` indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplayWindow<const WORDS: usize> {
    highest: u64,
    seen: [u64; WORDS],
}

impl<const WORDS: usize> ReplayWindow<WORDS> {
    const SIZE: u64 = 64 * WORDS as u64;

    /// A window cannot be empty: it is made when the first packet of its source has authenticated.
    pub(super) fn starting_with(first: u64) -> Self {
        let mut window = Self {
            highest: first,
            seen: [0; WORDS],
        };
        window.set(first);
        window
    }

    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// Whether this index may be new; asked before any crypto.
    pub(super) fn check(&self, index: u64) -> Result<(), Dropped> {
        match self.position(index) {
            Position::Left => Err(Dropped::SrtpTooOld),
            Position::Within if self.is_set(index) => Err(Dropped::SrtpReplayed),
            Position::Within | Position::Right(_) => Ok(()),
        }
    }

    /// Notes an index that has passed `check` and whose packet has authenticated.
    pub(super) fn accept(&mut self, index: u64) {
        match self.position(index) {
            Position::Left => return,
            Position::Within => {}
            Position::Right(advance) => {
                if advance >= Self::SIZE {
                    self.seen = [0; WORDS];
                } else {
                    for skipped in self.highest + 1..index {
                        self.clear(skipped);
                    }
                }
                self.highest = index;
            }
        }
        self.set(index);
    }

    fn position(&self, index: u64) -> Position {
        if index > self.highest {
            Position::Right(index - self.highest)
        } else if self.highest - index < Self::SIZE {
            Position::Within
        } else {
            Position::Left
        }
    }

    fn is_set(&self, index: u64) -> bool {
        let (word, bit) = Self::bit(index);
        self.seen[word] & bit != 0
    }

    fn set(&mut self, index: u64) {
        let (word, bit) = Self::bit(index);
        self.seen[word] |= bit;
    }

    fn clear(&mut self, index: u64) {
        let (word, bit) = Self::bit(index);
        self.seen[word] &= !bit;
    }

    /// The word is below `WORDS`, so indexing by it cannot fail.
    fn bit(index: u64) -> (usize, u64) {
        let at = index % Self::SIZE;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

    use super::*;

    /// As libsrtp's `rdbx` test drives it: in order, then all again.
    #[test]
    fn in_order_once_and_never_twice() {
        let mut window = ReplayWindow::<2>::starting_with(0);
        for index in 1..1_000 {
            assert_eq!(window.check(index), Ok(()));
            window.accept(index);
            assert_eq!(window.check(index), Err(Dropped::SrtpReplayed));
        }
        for index in 0..1_000 {
            assert!(window.check(index).is_err());
        }
    }

    #[test]
    fn the_window_ends_where_its_size_says() {
        let mut window = ReplayWindow::<16>::starting_with(5_000);
        window.accept(6_000);
        assert_eq!(window.check(6_000 - 1_023), Ok(()));
        assert_eq!(window.check(6_000 - 1_024), Err(Dropped::SrtpTooOld));
    }

    #[test]
    fn before_the_first_is_new_until_seen() {
        let mut window = ReplayWindow::<2>::starting_with(100);
        window.accept(99);
        assert_eq!(window.check(99), Err(Dropped::SrtpReplayed));
        assert_eq!(window.check(98), Ok(()));
        assert_eq!(window.highest(), 100);
    }

    #[test]
    fn a_leap_leaves_nothing_behind() {
        for leap in [127, 128, 129, 1 << 40] {
            let mut window = ReplayWindow::<2>::starting_with(0);
            (1..128).for_each(|index| window.accept(index));
            window.accept(127 + leap);
            for index in 128.max(leap)..127 + leap {
                assert_eq!(window.check(index), Ok(()), "leap {leap}, index {index}");
                if index > leap + 200 {
                    break;
                }
            }
        }
    }

    #[test]
    fn too_old_is_never_noted() {
        let mut window = ReplayWindow::<2>::starting_with(1_000);
        let before = window.clone();
        window.accept(10);
        assert_eq!(window, before);
    }

    /// Slow and obvious: a set of everything ever accepted.
    #[test]
    fn it_agrees_with_a_set() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for round in 0..50 {
            let mut window = ReplayWindow::<2>::starting_with(500);
            let mut all = BTreeSet::from([500_u64]);
            let mut centre = 500_u64;
            for _ in 0..5_000 {
                centre += u64::from(random.next_u32() % 3);
                if random.next_u32().is_multiple_of(500) {
                    centre += u64::from(random.next_u32() % 400);
                }
                let index = centre.saturating_sub(u64::from(random.next_u32() % 160));
                let highest = *all.last().unwrap();
                let expected = if index + 128 <= highest {
                    Err(Dropped::SrtpTooOld)
                } else if all.contains(&index) {
                    Err(Dropped::SrtpReplayed)
                } else {
                    Ok(())
                };
                assert_eq!(window.check(index), expected, "round {round}, {index}");
                if expected.is_ok() {
                    window.accept(index);
                    all.insert(index);
                }
            }
        }
    }
}
