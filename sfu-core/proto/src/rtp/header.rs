//! The fixed RTP header (RFC 3550 §5.1) with its CSRC list and extension block (§5.3.1).
//!
//! ```text
//!  0               1               2               3
//! |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//! |                           timestamp                           |
//! |                             SSRC                              |
//! |                        CSRC, CC times                         |
//! |       extension profile       |     its length in words       |   if X
//! ```

use core::ops::Range;

use crate::dropped::Dropped;
use crate::ids::Ssrc;

pub const FIXED_BYTES: usize = 12;

/// The header of one packet, read once. `len` is where the payload begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub has_padding: bool,
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: Ssrc,
    pub csrc_count: u8,
    /// The extension block: its profile (0xBEDE is the one-byte form) and where its elements lie.
    pub extension: Option<(u16, Range<usize>)>,
    pub len: usize,
}

impl Header {
    pub fn parse(packet: &[u8]) -> Result<Self, Dropped> {
        let fixed = packet
            .first_chunk::<FIXED_BYTES>()
            .ok_or(Dropped::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(Dropped::Malformed);
        }
        let csrc_count = fixed[0] & 0x0f;
        let mut len = FIXED_BYTES + 4 * usize::from(csrc_count);
        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let block = packet.get(len..len + 4).ok_or(Dropped::Truncated)?;
            let profile = u16::from_be_bytes([block[0], block[1]]);
            let words = u16::from_be_bytes([block[2], block[3]]);
            let elements = len + 4..len + 4 + 4 * usize::from(words);
            len = elements.end;
            extension = Some((profile, elements));
        }
        if packet.len() < len {
            return Err(Dropped::Truncated);
        }
        Ok(Self {
            has_padding: fixed[0] & 0x20 != 0,
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: Ssrc(u32::from_be_bytes([
                fixed[8], fixed[9], fixed[10], fixed[11],
            ])),
            csrc_count,
            extension,
            len,
        })
    }

    /// Where the payload lies, without padding; empty for padding alone, which is a probe. The last
    /// byte of the padding counts itself (RFC 3550 §5.1).
    pub fn payload(&self, packet: &[u8]) -> Result<Range<usize>, Dropped> {
        if !self.has_padding {
            return Ok(self.len..packet.len());
        }
        let body = packet.get(self.len..).ok_or(Dropped::Truncated)?;
        let padding = body.last().copied().ok_or(Dropped::Truncated)?;
        match body.len().checked_sub(usize::from(padding)) {
            Some(payload_len) if padding != 0 => Ok(self.len..self.len + payload_len),
            _ => Err(Dropped::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_where_the_rfc_says() {
        let packet = [
            0xb1, 0xe0, 0x12, 0x34, 0, 0, 0, 9, 0xde, 0xad, 0xbe, 0xef, // fixed
            0, 0, 0, 7, // CSRC
            0xbe, 0xde, 0, 1, 0x10, 0x80, 0, 0, // extension
            1, 2, 3,
        ];
        let header = Header::parse(&packet).unwrap();
        assert!(header.has_padding && header.marker);
        assert_eq!(
            (header.payload_type, header.sequence, header.timestamp),
            (0x60, 0x1234, 9)
        );
        assert_eq!((header.ssrc, header.csrc_count), (Ssrc(0xdead_beef), 1));
        assert_eq!(header.extension, Some((0xbede, 20..24)));
        assert_eq!(header.len, 24);
    }

    #[test]
    fn every_truncation_is_dropped() {
        let mut packet = vec![0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        packet.extend([0xbe, 0xde, 0, 1, 0, 0, 0, 0]);
        assert!(Header::parse(&packet).is_ok());
        for len in 0..packet.len() {
            assert_eq!(
                Header::parse(&packet[..len]),
                Err(Dropped::Truncated),
                "{len} bytes"
            );
        }
    }

    fn padded(body: &[u8]) -> Result<Range<usize>, Dropped> {
        let mut packet = vec![0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        packet.extend(body);
        Header::parse(&packet).unwrap().payload(&packet)
    }

    #[test]
    fn padding_is_cut_off() {
        assert_eq!(padded(&[7, 7, 0, 2]), Ok(12..14));
        assert_eq!(padded(&[0, 0, 0, 4]), Ok(12..12), "a probe");
    }

    #[test]
    fn padding_that_lies_is_dropped() {
        assert_eq!(padded(&[7, 7, 0, 5]), Err(Dropped::Malformed));
        assert_eq!(padded(&[7, 7, 7, 0]), Err(Dropped::Malformed));
        assert_eq!(padded(&[]), Err(Dropped::Truncated));
    }

    #[test]
    fn without_padding_all_the_rest_is_payload() {
        let packet = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9];
        let header = Header::parse(&packet).unwrap();
        assert_eq!(header.payload(&packet), Ok(12..14));
    }

    #[test]
    fn only_version_two_is_rtp() {
        assert_eq!(Header::parse(&[0x40; 12]), Err(Dropped::Malformed));
    }
}
