//! Authenticated packets (RFC 3711 §3.3).
//!
//! What `Inbound` hands on. Holding one of these is the proof that the bytes were authenticated
//! and are no replay: only this folder can build them.

use crate::dropped::Dropped;
use crate::rtp::Header;

/// One RTP packet, opened, without its tag.
#[derive(Debug)]
pub struct Authenticated<'a> {
    header: Header,
    index: u64,
    padding_len: usize,
    packet: &'a [u8],
}

impl<'a> Authenticated<'a> {
    /// Strips the padding: its last byte counts it, itself included (RFC 3550 §5.1).
    pub(super) fn new(header: Header, index: u64, packet: &'a [u8]) -> Result<Self, Dropped> {
        let after_header = packet.get(header.len..).ok_or(Dropped::Truncated)?;
        let padding_len = if header.has_padding {
            let count = usize::from(*after_header.last().ok_or(Dropped::Malformed)?);
            if count == 0 || count > after_header.len() {
                return Err(Dropped::Malformed);
            }
            count
        } else {
            0
        };
        Ok(Self {
            header,
            index,
            padding_len,
            packet,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Header, payload and padding.
    pub fn packet(&self) -> &'a [u8] {
        self.packet
    }

    /// What lies between header and padding; empty in a probe.
    pub fn payload(&self) -> &'a [u8] {
        // `new` has held both ends within the packet.
        &self.packet[self.header.len..self.packet.len() - self.padding_len]
    }

    /// The 48-bit packet index (RFC 3711 §3.3.1): the sequence number, extended.
    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn padding_len(&self) -> usize {
        self.padding_len
    }
}

/// One compound RTCP packet, opened, without index and tag.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticatedRtcp<'a> {
    bytes: &'a [u8],
}

impl<'a> AuthenticatedRtcp<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::rtp;
    use super::*;

    fn with_padding(payload_and_padding: &[u8]) -> Vec<u8> {
        let mut packet = rtp(1, 2);
        packet[0] |= 0x20;
        packet.truncate(12);
        packet.extend(payload_and_padding);
        packet
    }

    #[test]
    fn padding_is_stripped() {
        for (rest, payload) in [
            (&[7, 8, 9, 1][..], &[7, 8, 9][..]),
            (&[7, 8, 0, 2], &[7, 8]),
            (&[0, 0, 0, 4], &[]), // A probe.
        ] {
            let packet = with_padding(rest);
            let header = Header::parse(&packet).unwrap();
            let authenticated = Authenticated::new(header, 2, &packet).unwrap();
            assert_eq!(authenticated.payload(), payload);
            assert_eq!(authenticated.padding_len(), rest.len() - payload.len());
            assert_eq!(authenticated.packet(), packet);
        }
    }

    #[test]
    fn padding_that_cannot_be_is_dropped() {
        for rest in [
            &[][..],
            &[0],
            &[2],
            &[1, 2, 3, 0],
            &[1, 2, 3, 5],
            &[255; 254],
        ] {
            let packet = with_padding(rest);
            let header = Header::parse(&packet).unwrap();
            let dropped = Authenticated::new(header, 2, &packet).unwrap_err();
            assert_eq!(dropped, Dropped::Malformed, "{rest:?}");
        }
    }

    #[test]
    fn without_the_bit_the_last_byte_is_payload() {
        let packet = rtp(1, 2);
        let header = Header::parse(&packet).unwrap();
        let authenticated = Authenticated::new(header, 2, &packet).unwrap();
        assert_eq!(authenticated.payload(), &packet[12..]);
        assert_eq!(authenticated.padding_len(), 0);
    }
}
