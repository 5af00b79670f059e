//! What one viewer has received of one stream, by sequence numbers (RFC 3550 §5.1).
//!
//! ```text
//!    base                    highest
//!  ────┼───────────────────────┼────►   expected = highest + 1 − base
//!                  |<- window ->|       the newest 64: seen, or not yet
//! ```
//!
//! Lost is what is expected and has not come. A packet that comes late, within the window, is
//! reordered and no loss; one that was seen is a duplicate and counts for nothing.

use sfu_proto::rtp::sequence::{CYCLE, widen};

const WINDOW: u64 = 64;

#[derive(Clone, Copy, Debug, Default)]
pub struct StreamCount {
    /// The first sequence that counts; zero before the first packet.
    base: u64,
    highest: u64,
    /// Bit n: `highest − n` has come.
    window: u64,
    pub packets: u64,
    pub bytes: u64,
    pub duplicates: u64,
    pub reordered: u64,
}

impl StreamCount {
    pub fn has_begun(&self) -> bool {
        self.base != 0
    }

    pub fn count(&mut self, sequence: u16, bytes: usize) {
        if !self.has_begun() {
            self.base = CYCLE + u64::from(sequence);
            self.highest = self.base - 1;
        }
        let number = widen(self.highest, sequence);
        if let Some(ahead) = number.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            self.highest = number;
            self.window = match ahead {
                0..WINDOW => self.window << ahead | 1,
                _ => 1,
            };
        } else if !self.is_late_news(number) {
            return;
        }
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    /// Whether a number at or below the highest is seen for the first time, and counts.
    fn is_late_news(&mut self, number: u64) -> bool {
        if number < self.base {
            return false;
        }
        let behind = self.highest - number;
        // Older than the window: a duplicate for all we know, and so the loss that was counted stays.
        if behind >= WINDOW || self.window >> behind & 1 == 1 {
            self.duplicates += 1;
            return false;
        }
        self.window |= 1 << behind;
        self.reordered += 1;
        true
    }

    /// Gaps up to the newest packet.
    pub fn lost(&self) -> u64 {
        match self.has_begun() {
            true => (self.highest + 1 - self.base).saturating_sub(self.packets),
            false => 0,
        }
    }

    /// Counts anew from the next packet on; what comes late from before is passed over.
    pub fn restart(&mut self) {
        if self.has_begun() {
            *self = Self {
                base: self.highest + 1,
                highest: self.highest,
                ..Self::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sequences: impl IntoIterator<Item = u16>) -> StreamCount {
        let mut stream = StreamCount::default();
        for sequence in sequences {
            stream.count(sequence, 100);
        }
        stream
    }

    #[test]
    fn an_unbroken_stream_loses_nothing_over_the_wrap() {
        let stream = counted((0..=u16::MAX).cycle().skip(65_000).take(200_000));
        assert_eq!((stream.packets, stream.lost()), (200_000, 0));
        assert_eq!(stream.bytes, 20_000_000);
    }

    #[test]
    fn gaps_are_lost_over_the_wrap_too() {
        let stream = counted([65_534, 65_535, 2, 3]);
        assert_eq!((stream.packets, stream.lost()), (4, 2));
        let stream = counted([10, 1_000]);
        assert_eq!(stream.lost(), 989);
    }

    #[test]
    fn a_late_packet_is_reordered_and_no_loss() {
        let stream = counted([5, 7, 8, 6]);
        assert_eq!(
            (stream.lost(), stream.reordered, stream.duplicates),
            (0, 1, 0)
        );
    }

    #[test]
    fn a_duplicate_hides_no_loss() {
        let stream = counted([5, 5, 7, 7]);
        assert_eq!((stream.packets, stream.lost()), (2, 1));
        assert_eq!(stream.duplicates, 2);
    }

    #[test]
    fn what_comes_after_the_window_stays_lost() {
        let stream = counted((0..100).filter(|n| *n != 20).chain([20]));
        assert_eq!((stream.packets, stream.lost()), (99, 1));
    }

    #[test]
    fn a_restart_forgets_the_past_and_still_sees_the_next_gap() {
        let mut stream = counted([5, 9]);
        stream.restart();
        assert_eq!((stream.packets, stream.lost()), (0, 0));
        stream.count(8, 1); // From before: not of this window.
        assert_eq!((stream.packets, stream.lost()), (0, 0));
        stream.count(11, 1);
        assert_eq!((stream.packets, stream.lost()), (1, 1));
        stream.count(10, 1);
        assert_eq!((stream.packets, stream.lost()), (2, 0));
    }

    #[test]
    fn a_stream_that_has_not_begun_has_lost_nothing() {
        let mut stream = StreamCount::default();
        stream.restart();
        assert!(!stream.has_begun());
        assert_eq!(stream.lost(), 0);
    }
}
