//! RTP timestamps: 32 bits of the codec's clock on the network (RFC 3550 §5.1), 64 bits inside.

/// Where widened timestamps begin: a whole cycle above zero, so that a frame from before the first
/// one has a time too.
pub const CYCLE: u64 = 1 << 32;

/// The time nearest to `reference` that ends in `timestamp`. Exactly half a cycle away counts as
/// older.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the distance modulo 2^32, as a signed number, is what is asked for"
)]
pub fn widen(reference: u64, timestamp: u32) -> u64 {
    let distance = timestamp.wrapping_sub(reference as u32) as i32;
    reference
        .checked_add_signed(distance.into())
        // There is nothing before the first cycle, so the nearest time lies after.
        .unwrap_or_else(|| timestamp.into())
}

/// Widens one source's timestamps in the order in which they arrive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Widener {
    highest: Option<u64>,
}

impl Widener {
    pub fn widen(&mut self, timestamp: u32) -> u64 {
        let Some(highest) = self.highest else {
            let first = CYCLE + u64::from(timestamp);
            self.highest = Some(first);
            return first;
        };
        let widened = widen(highest, timestamp);
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
        assert_eq!(widen(0x1_0000_0005, 7), 0x1_0000_0007);
        assert_eq!(widen(0x1_ffff_fffe, 1), 0x2_0000_0001);
        assert_eq!(widen(0x2_0000_0001, 0xffff_fffe), 0x1_ffff_fffe);
        assert_eq!(widen(0x2_0000_0000, 0x8000_0000), 0x1_8000_0000);
    }

    #[test]
    fn below_the_first_cycle_there_is_nothing() {
        assert_eq!(widen(5, 0xffff_ffff), 0xffff_ffff);
    }

    #[test]
    fn a_late_frame_does_not_move_the_reference_back() {
        let mut widener = Widener::default();
        assert_eq!(widener.widen(3), CYCLE + 3);
        assert_eq!(widener.widen(0xffff_fff0), CYCLE - 16);
        assert_eq!(widener.highest(), Some(CYCLE + 3));
    }
}
