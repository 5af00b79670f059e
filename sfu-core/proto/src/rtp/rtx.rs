//! Repairs in a stream of their own (RFC 4588 §4): own SSRC, payload type and sequence; the payload
//! begins with the sequence that the packet had the first time.
//!
//! ```text
//! | RTP header (RTX) | OSN, 2 bytes | payload as it first went out |
//! ```

use crate::dropped::Dropped;

/// The original sequence number, before the payload.
pub const OSN_BYTES: usize = 2;

/// Splits an RTX payload (padding already cut off) into the original sequence and the media.
/// Chromium probes for bandwidth with RTX packets that are padding alone: they repair nothing.
pub fn unwrap(payload: &[u8]) -> Result<(u16, &[u8]), Dropped> {
    match payload.split_first_chunk() {
        Some((osn, media)) => Ok((u16::from_be_bytes(*osn), media)),
        None if payload.is_empty() => Err(Dropped::RtpProbe),
        None => Err(Dropped::Truncated),
    }
}

/// What goes between the RTX header and the media.
pub const fn osn(original_sequence: u16) -> [u8; OSN_BYTES] {
    original_sequence.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_4_the_first_two_bytes_are_the_original_sequence() {
        assert_eq!(unwrap(&[0x12, 0x34, 9, 8]), Ok((0x1234, &[9, 8][..])));
        assert_eq!(osn(0x1234), [0x12, 0x34]);
    }

    #[test]
    fn a_repair_of_an_empty_packet_is_still_one() {
        assert_eq!(unwrap(&[0, 7]), Ok((7, &[][..])));
    }

    #[test]
    fn padding_alone_is_a_probe_and_half_a_sequence_is_nothing() {
        assert_eq!(unwrap(&[]), Err(Dropped::RtpProbe));
        assert_eq!(unwrap(&[1]), Err(Dropped::Truncated));
    }
}
