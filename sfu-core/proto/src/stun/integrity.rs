//! MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §14.5, §14.7).
//!
//! Each covers the message up to itself, with a header length that ends at itself:
//!
//! ```text
//!  | header | attributes | MESSAGE-INTEGRITY | … | FINGERPRINT |
//!   <---- HMAC-SHA1 ---->                             length in the header: up to here (1)
//!   <-------------- CRC-32 ------------------>        length in the header: the whole (2)
//!  (1) the end of MESSAGE-INTEGRITY, not of the message
//! ```

use ring::hmac;

use super::attribute::HEAD_BYTES;
use super::message::HEADER_BYTES;
use crate::dropped::Dropped;
use crate::limits::DATAGRAM_BYTES_MAX;

/// Bytes of the values.
pub(super) const HMAC_BYTES: usize = 20;
pub(super) const CRC_BYTES: usize = 4;

/// Keeps a CRC of ours apart from one that some other protocol puts in the same place.
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// `at` is where FINGERPRINT begins; it must be the last attribute.
pub(super) fn check_fingerprint(message: &[u8], at: usize) -> Result<(), Dropped> {
    let (covered, attribute) = message
        .split_at_checked(at)
        .ok_or(Dropped::StunBadIntegrity)?;
    match *attribute {
        [_, _, _, 4, a, b, c, d] if u32::from_be_bytes([a, b, c, d]) == fingerprint(covered) => {
            Ok(())
        }
        _ => Err(Dropped::StunBadIntegrity),
    }
}

/// `at` is where MESSAGE-INTEGRITY begins.
pub(super) fn check_message_integrity(
    message: &[u8],
    at: usize,
    key: &[u8],
) -> Result<(), Dropped> {
    // The header's length has to be rewritten, and the received bytes are not ours to change.
    let mut copy = [0; DATAGRAM_BYTES_MAX];
    let (covered, attribute) = message
        .split_at_checked(at)
        .ok_or(Dropped::StunBadIntegrity)?;
    let copy = copy.get_mut(..at).ok_or(Dropped::StunBadIntegrity)?;
    copy.copy_from_slice(covered);
    write_length(copy, at + HEAD_BYTES + HMAC_BYTES);
    match attribute.split_first_chunk() {
        Some(([_, _, 0, 20], rest)) => {
            let tag = rest.get(..HMAC_BYTES).ok_or(Dropped::StunBadIntegrity)?;
            hmac::verify(&hmac_key(key), copy, tag).map_err(|_| Dropped::StunBadIntegrity)
        }
        _ => Err(Dropped::StunBadIntegrity),
    }
}

/// The value of a MESSAGE-INTEGRITY that follows `message`, whose header already has the length
/// that ends with it.
pub(super) fn message_integrity(message: &[u8], key: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac_key(key), message)
}

/// The value of a FINGERPRINT that follows `message`, likewise.
pub(super) fn fingerprint(message: &[u8]) -> u32 {
    crc32(message) ^ FINGERPRINT_XOR
}

/// Makes the header say that the message is `message_bytes` long, header included.
pub(super) fn write_length(message: &mut [u8], message_bytes: usize) {
    let len = message_bytes.saturating_sub(HEADER_BYTES);
    let len = u16::try_from(len).unwrap_or(u16::MAX);
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&len.to_be_bytes());
    }
}

fn hmac_key(key: &[u8]) -> hmac::Key {
    // SHA-1 is what ICE agents speak; as an HMAC it has not been broken (RFC 6194 §3.3).
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key)
}

/// ISO 3309 CRC-32, as Ethernet and gzip have it. A message is some 100 bytes: a table of one byte
/// a step is fast enough.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        let [low, ..] = crc.to_le_bytes();
        CRC_TABLE[usize::from(low ^ byte)] ^ crc >> 8
    })
}

static CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index: u32 = 0;
    while index < 256 {
        let mut crc = index;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_of_the_customary_check_string() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
