//! Which protocol a datagram speaks, from its first bytes (RFC 7983 §7, RFC 5761 §4).
//!
//! ```text
//!              +----------------+
//!              |        [0..3] -+--> STUN
//!  datagram -->|      [20..63] -+--> DTLS
//!              |    [128..191] -+--> RTP, or RTCP when the second byte is 192..223
//!              +----------------+
//! ```

use crate::dropped::Dropped;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Rtp,
    Rtcp,
    Stun,
    Dtls,
}

pub fn protocol(bytes: &[u8]) -> Result<Protocol, Dropped> {
    match *bytes {
        [128..=191, 192..=223, ..] => Ok(Protocol::Rtcp),
        [128..=191, _, ..] => Ok(Protocol::Rtp),
        [0..=3, _, ..] => Ok(Protocol::Stun),
        [20..=63, _, ..] => Ok(Protocol::Dtls),
        [_, _, ..] => Err(Dropped::UnknownProtocol),
        _ => Err(Dropped::Truncated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_has_the_protocol_of_rfc_7983() {
        for first in 0..=255u8 {
            let expected = match first {
                0..=3 => Ok(Protocol::Stun),
                20..=63 => Ok(Protocol::Dtls),
                128..=191 => Ok(Protocol::Rtp),
                _ => Err(Dropped::UnknownProtocol),
            };
            assert_eq!(protocol(&[first, 96]), expected, "first byte {first}");
        }
    }

    #[test]
    fn the_second_byte_tells_rtcp_from_rtp() {
        assert_eq!(protocol(&[0x80, 200]), Ok(Protocol::Rtcp));
        assert_eq!(protocol(&[0x80, 191]), Ok(Protocol::Rtp));
        assert_eq!(protocol(&[0x80, 224]), Ok(Protocol::Rtp));
    }

    #[test]
    fn less_than_two_bytes_is_nothing() {
        assert_eq!(protocol(&[]), Err(Dropped::Truncated));
        assert_eq!(protocol(&[0x80]), Err(Dropped::Truncated));
    }
}
