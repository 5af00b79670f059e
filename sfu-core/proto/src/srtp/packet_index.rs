//! The 48-bit packet index: rollover counter and sequence number as one number (RFC 3711 §3.3.1,
//! appendix A). The header carries its lower 16 bits; the rest is guessed, and the tag tells
//! whether the guess was right.

use crate::dropped::Dropped;

/// RFC 3711 §9.2: 2^48 packets, then the key is spent.
pub(super) const END: u64 = 1 << 48;

const HALF: u16 = 1 << 15;
const ONE_ROLLOVER: u64 = 1 << 16;

/// The index nearest to the highest one seen; for a new source the rollover counter is zero.
pub(super) fn estimate(highest: Option<u64>, sequence: u16) -> Result<u64, Dropped> {
    let Some(highest) = highest else {
        return Ok(u64::from(sequence));
    };
    #[expect(clippy::cast_possible_truncation, reason = "s_l is the lower 16 bits")]
    let highest_sequence = highest as u16;
    let same_rollover = highest - u64::from(highest_sequence) + u64::from(sequence);
    let index = if highest_sequence < HALF {
        if sequence > highest_sequence && sequence - highest_sequence > HALF {
            // From before the first packet of all: no index can be right.
            same_rollover
                .checked_sub(ONE_ROLLOVER)
                .ok_or(Dropped::SrtpTooOld)?
        } else {
            same_rollover
        }
    } else if highest_sequence - HALF > sequence {
        same_rollover + ONE_ROLLOVER
    } else {
        same_rollover
    };
    if index < END {
        Ok(index)
    } else {
        Err(Dropped::SrtpKeyExhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slow and obvious: of all indices with this sequence, the one nearest to the highest.
    fn nearest(highest: u64, sequence: u16) -> Vec<i64> {
        let highest = i64::try_from(highest).unwrap();
        let candidates = (-1..=4).map(|rollover| (rollover << 16) + i64::from(sequence));
        let distance = candidates
            .clone()
            .map(|index| (index - highest).abs())
            .min()
            .unwrap();
        candidates
            .filter(|index| (index - highest).abs() == distance)
            .collect()
    }

    #[test]
    fn the_estimate_is_the_nearest_index() {
        for rollover in 0..3_u64 {
            for highest_sequence in (0..=u16::MAX).step_by(257).chain([1, 0x7fff, 0x8000]) {
                let highest = (rollover << 16) + u64::from(highest_sequence);
                for sequence in (0..=u16::MAX)
                    .step_by(509)
                    .chain([1, 0x7fff, 0x8000, 0xffff])
                {
                    let nearest = nearest(highest, sequence);
                    match estimate(Some(highest), sequence) {
                        Ok(index) => assert!(nearest.contains(&i64::try_from(index).unwrap())),
                        Err(dropped) => {
                            assert_eq!(dropped, Dropped::SrtpTooOld);
                            assert!(nearest[0] < 0);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_new_source_starts_at_rollover_zero() {
        assert_eq!(estimate(None, 65_535), Ok(65_535));
    }

    #[test]
    fn the_counter_rolls_over_and_back() {
        assert_eq!(estimate(Some(0xffff), 0), Ok(0x1_0000));
        assert_eq!(estimate(Some(0x1_0000), 0xffff), Ok(0xffff));
        assert_eq!(estimate(Some(0x1_0003), 0xfffe), Ok(0xfffe));
    }

    #[test]
    fn nothing_comes_before_index_zero() {
        assert_eq!(estimate(Some(0), 0xffff), Err(Dropped::SrtpTooOld));
        assert_eq!(estimate(Some(5), 0xfff0), Err(Dropped::SrtpTooOld));
        assert_eq!(estimate(Some(5), 4), Ok(4));
    }

    #[test]
    fn the_last_index_of_a_key_is_the_last() {
        assert_eq!(estimate(Some(END - 1), 0xffff), Ok(END - 1));
        assert_eq!(estimate(Some(END - 1), 0), Err(Dropped::SrtpKeyExhausted));
    }
}
