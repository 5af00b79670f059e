//! The report block that sender and receiver reports share (RFC 3550 §6.4.1).
//!
//! ```text
//! |                 SSRC of the source reported on                |
//! | fraction lost |      cumulative lost, signed, 24 bits         |
//! |              extended highest sequence received               |
//! |                      interarrival jitter                      |
//! |          last SR: the middle 32 bits of its NTP time          |
//! |        delay since last SR, in 1/65,536 of a second           |
//! ```

use crate::ids::Ssrc;

pub(super) const BYTES: usize = 24;

/// How one source arrives at the reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: Ssrc,
    /// Of 256, since the previous report.
    pub fraction_lost: u8,
    /// Negative if more duplicates came than packets were lost. Written as 24 bits, clamped.
    pub cumulative_lost: i32,
    pub highest_sequence: u32,
    /// In units of the source's RTP clock.
    pub jitter: u32,
    /// Zero if no sender report has come yet; so is the delay.
    pub last_sender_report: u32,
    pub delay_since_last_sender_report: u32,
}

impl ReportBlock {
    pub(super) fn read(bytes: &[u8; BYTES]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |index: usize| u32::from_be_bytes(words[index]);
        let [fraction_lost, lost @ ..] = words[1];
        // Shifted down from the top, so that the sign comes along.
        let cumulative_lost = i32::from_be_bytes([lost[0], lost[1], lost[2], 0]) >> 8;
        Self {
            ssrc: Ssrc(word(0)),
            fraction_lost,
            cumulative_lost,
            highest_sequence: word(2),
            jitter: word(3),
            last_sender_report: word(4),
            delay_since_last_sender_report: word(5),
        }
    }

    pub(super) fn write(&self, out: &mut [u8; BYTES]) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff);
        let [_, lost @ ..] = lost.to_be_bytes();
        let words = [
            self.ssrc.0.to_be_bytes(),
            [self.fraction_lost, lost[0], lost[1], lost[2]],
            self.highest_sequence.to_be_bytes(),
            self.jitter.to_be_bytes(),
            self.last_sender_report.to_be_bytes(),
            self.delay_since_last_sender_report.to_be_bytes(),
        ];
        out.copy_from_slice(words.as_flattened());
    }
}

/// The first `count` blocks of `bytes`, if that many are there.
pub(super) fn blocks(count: u8, bytes: &[u8]) -> Option<&[[u8; BYTES]]> {
    bytes.as_chunks().0.get(..usize::from(count))
}

pub(super) fn write_all(blocks: &[ReportBlock], out: &mut [u8]) {
    for (block, out) in blocks.iter().zip(out.as_chunks_mut().0) {
        block.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_of_the_loss_survives_24_bits() {
        let mut block = ReportBlock {
            ssrc: Ssrc(0x0102_0304),
            fraction_lost: 0x55,
            cumulative_lost: -2,
            highest_sequence: 0x1_0007,
            jitter: 9,
            last_sender_report: 0x1234_5678,
            delay_since_last_sender_report: 0x8000,
        };
        let mut bytes = [0; BYTES];
        block.write(&mut bytes);
        assert_eq!(bytes[..8], [1, 2, 3, 4, 0x55, 0xff, 0xff, 0xfe]);
        assert_eq!(ReportBlock::read(&bytes), block);

        block.cumulative_lost = i32::MAX;
        block.write(&mut bytes);
        assert_eq!(ReportBlock::read(&bytes).cumulative_lost, 0x7f_ffff);
        block.cumulative_lost = i32::MIN;
        block.write(&mut bytes);
        assert_eq!(ReportBlock::read(&bytes).cumulative_lost, -0x80_0000);
    }
}
