//! Sequence numbers: 16 bits on the network (RFC 3550 §5.1), 64 bits inside.

/// Where widened sequences begin: a whole cycle above zero, so that a packet from before the first
/// one has a number too.
pub const CYCLE: u64 = 1 << 16;

/// The number nearest to `reference` that ends in `sequence`. Exactly half a cycle away counts as
/// older.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the distance modulo 2^16, as a signed number, is what is asked for"
)]
pub fn widen(reference: u64, sequence: u16) -> u64 {
    let distance = sequence.wrapping_sub(reference as u16) as i16;
    reference
        .checked_add_signed(distance.into())
        // There is nothing before the first cycle, so the nearest number lies after.
        .unwrap_or_else(|| sequence.into())
}

/// Widens one source's sequences in the order in which they arrive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Widener {
    highest: Option<u64>,
}

impl Widener {
    pub fn widen(&mut self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            let first = CYCLE + u64::from(sequence);
            self.highest = Some(first);
            return first;
        };
        let widened = widen(highest, sequence);
        self.highest = Some(highest.max(widened));
        widened
    }

    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_wins_both_ways() {
        assert_eq!(widen(0x1_0005, 0x0007), 0x1_0007);
        assert_eq!(widen(0x1_0005, 0x0003), 0x1_0003);
        assert_eq!(widen(0x1_fffe, 0x0001), 0x2_0001);
        assert_eq!(widen(0x2_0001, 0xfffe), 0x1_fffe);
    }

    #[test]
    fn half_a_cycle_away_is_older() {
        assert_eq!(widen(0x2_0000, 0x7fff), 0x2_7fff);
        assert_eq!(widen(0x2_0000, 0x8000), 0x1_8000);
    }

    #[test]
    fn below_the_first_cycle_there_is_nothing() {
        assert_eq!(widen(0, 0xffff), 0xffff);
        assert_eq!(widen(5, 0x9000), 0x9000);
    }

    #[test]
    fn every_distance_keeps_the_low_bits() {
        for reference in [0, 5, 0x8000, 0x1_2345, u64::from(u32::MAX)] {
            for sequence in 0..=u16::MAX {
                let widened = widen(reference, sequence);
                assert_eq!(widened & 0xffff, sequence.into());
                assert!(widened.abs_diff(reference) <= 0x8000 || reference < 0x8000);
            }
        }
    }

    #[test]
    fn reordering_does_not_move_the_reference_back() {
        let mut widener = Widener::default();
        assert_eq!(widener.widen(0), 0x1_0000);
        assert_eq!(widener.widen(0xffff), 0xffff, "from before the first");
        assert_eq!(widener.highest(), Some(0x1_0000));
        assert_eq!(widener.widen(0x7000), 0x1_7000);
        assert_eq!(widener.widen(0xe000), 0x1_e000);
        assert_eq!(widener.widen(0x0001), 0x2_0001);
    }
}
