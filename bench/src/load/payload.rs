//! What a packet carries, so that whoever opens it can check every bit and knows when it was sent.
//!
//! ```text
//!  video  | VP8 descriptor, 4 | frame head, 10 | stamp, 28 | pattern …
//!  audio  | Opus TOC, 1       |                  stamp, 28 | pattern …
//!
//!  stamp  | magic:4 | source:4 | number:8 | time:8 | flags:4 |
//! ```
//!
//! The descriptor is RFC 7741 §4.2 with a 15-bit picture id, which the server may rewrite; nothing
//! else may change on the way. The pattern follows from source and number.

use crate::endpoint::MediaKind;

const MAGIC: u32 = 0x4d69_6c6c;
const STAMP_BYTES: usize = 28;
const DESCRIPTOR_BYTES: usize = 4;
const FRAME_HEAD_BYTES: usize = 10;
/// Opus: CELT, 20 ms, mono (RFC 6716 §3.1).
const OPUS_TOC: u8 = 0xf8;

const FIRST: u32 = 1;
const KEY: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub source: u32,
    pub number: u64,
    /// When it was sent, in nanoseconds of the monotonic clock.
    pub time: u64,
    /// The first packet of its frame.
    pub is_first: bool,
    pub is_key: bool,
}

/// Something in the packet is not as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// The fewest bytes that `write` needs.
pub const fn bytes_min(kind: MediaKind) -> usize {
    match kind {
        MediaKind::Audio => 1 + STAMP_BYTES,
        MediaKind::Video => DESCRIPTOR_BYTES + FRAME_HEAD_BYTES + STAMP_BYTES,
    }
}

/// Fills `payload`, which is at least `bytes_min` long.
pub fn write(kind: MediaKind, stamp: Stamp, picture: u16, payload: &mut [u8]) {
    let (head, body) = payload.split_at_mut(bytes_min(kind) - STAMP_BYTES);
    match kind {
        MediaKind::Audio => head[0] = OPUS_TOC,
        MediaKind::Video => {
            let [high, low] = picture.to_be_bytes();
            head[..DESCRIPTOR_BYTES].copy_from_slice(&[first_byte(stamp), 0x80, high | 0x80, low]);
            head[DESCRIPTOR_BYTES..].copy_from_slice(&frame_head(stamp));
        }
    }
    let (stamp_bytes, rest) = body.split_at_mut(STAMP_BYTES);
    stamp_bytes.copy_from_slice(&encode(stamp));
    for (bytes, word) in rest.chunks_mut(8).zip(pattern(stamp)) {
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}

/// Reads the stamp and compares all the rest with what it says.
pub fn check(kind: MediaKind, payload: &[u8]) -> Result<Stamp, Corrupt> {
    let (head, body) = payload
        .split_at_checked(bytes_min(kind) - STAMP_BYTES)
        .ok_or(Corrupt)?;
    let (stamp_bytes, rest) = body.split_first_chunk::<STAMP_BYTES>().ok_or(Corrupt)?;
    let stamp = decode(stamp_bytes).ok_or(Corrupt)?;
    let is_head_right = match kind {
        MediaKind::Audio => head == [OPUS_TOC],
        MediaKind::Video => {
            head[..2] == [first_byte(stamp), 0x80]
                && head[2] & 0x80 != 0
                && head[DESCRIPTOR_BYTES..] == frame_head(stamp)
        }
    };
    let is_pattern_right = rest
        .chunks(8)
        .zip(pattern(stamp))
        .all(|(bytes, word)| *bytes == word.to_le_bytes()[..bytes.len()]);
    match is_head_right && is_pattern_right {
        true => Ok(stamp),
        false => Err(Corrupt),
    }
}

/// X, and S where a frame begins.
const fn first_byte(stamp: Stamp) -> u8 {
    if stamp.is_first { 0x90 } else { 0x80 }
}

/// RFC 6386 §9.1: the P bit is zero in a key frame, which also says its size: 1280 × 720.
fn frame_head(stamp: Stamp) -> [u8; FRAME_HEAD_BYTES] {
    match (stamp.is_first, stamp.is_key) {
        (true, true) => [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02],
        (true, false) => [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        (false, _) => [0xff; FRAME_HEAD_BYTES],
    }
}

fn encode(stamp: Stamp) -> [u8; STAMP_BYTES] {
    let flags = (u32::from(stamp.is_first) * FIRST) | (u32::from(stamp.is_key) * KEY);
    let mut bytes = [0; STAMP_BYTES];
    bytes[..4].copy_from_slice(&MAGIC.to_be_bytes());
    bytes[4..8].copy_from_slice(&stamp.source.to_be_bytes());
    bytes[8..16].copy_from_slice(&stamp.number.to_be_bytes());
    bytes[16..24].copy_from_slice(&stamp.time.to_be_bytes());
    bytes[24..].copy_from_slice(&flags.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8; STAMP_BYTES]) -> Option<Stamp> {
    let word =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let long = |at: usize| u64::from(word(at)) << 32 | u64::from(word(at + 4));
    let flags = word(24);
    (word(0) == MAGIC && flags & !(FIRST | KEY) == 0).then(|| Stamp {
        source: word(4),
        number: long(8),
        time: long(16),
        is_first: flags & FIRST != 0,
        is_key: flags & KEY != 0,
    })
}

/// splitmix64 over everything the stamp says: a flipped bit in the stamp spoils the whole pattern.
fn pattern(stamp: Stamp) -> impl Iterator<Item = u64> {
    let flags = u64::from(stamp.is_first) | u64::from(stamp.is_key) << 1;
    let seed = mix(u64::from(stamp.source) << 2 | flags) ^ mix(stamp.number) ^ mix(!stamp.time);
    (0_u64..).map(move |step| mix(seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
}

pub const fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use sfu_proto::rtp::Vp8Descriptor;

    use super::*;

    const STAMP: Stamp = Stamp {
        source: 7,
        number: 1 << 40,
        time: 123_456_789,
        is_first: true,
        is_key: true,
    };

    fn written(kind: MediaKind, stamp: Stamp) -> Vec<u8> {
        let mut payload = vec![0; 203];
        write(kind, stamp, 300, &mut payload);
        payload
    }

    #[test]
    fn what_was_written_is_read() {
        for kind in [MediaKind::Audio, MediaKind::Video] {
            for (is_first, is_key) in [(true, true), (true, false), (false, false)] {
                let stamp = Stamp {
                    is_first,
                    is_key,
                    ..STAMP
                };
                assert_eq!(check(kind, &written(kind, stamp)), Ok(stamp));
            }
        }
    }

    #[test]
    fn any_flipped_bit_is_found_but_for_the_picture_id() {
        for kind in [MediaKind::Audio, MediaKind::Video] {
            let payload = written(kind, STAMP);
            for bit in 0..8 * payload.len() {
                let mut spoilt = payload.clone();
                spoilt[bit / 8] ^= 1 << (bit % 8);
                let is_picture_id =
                    kind == MediaKind::Video && (17..32).contains(&bit_of_wire(bit));
                assert_eq!(
                    check(kind, &spoilt).is_ok(),
                    is_picture_id,
                    "{kind:?} bit {bit}"
                );
            }
        }
    }

    /// Bits as the RFCs count them, the most significant first.
    fn bit_of_wire(bit: usize) -> usize {
        bit / 8 * 8 + 7 - bit % 8
    }

    #[test]
    fn each_truncation_is_corrupt_or_shorter_but_whole() {
        for kind in [MediaKind::Audio, MediaKind::Video] {
            let payload = written(kind, STAMP);
            for len in 0..bytes_min(kind) {
                assert_eq!(check(kind, &payload[..len]), Err(Corrupt));
            }
        }
    }

    #[test]
    fn it_is_vp8_to_the_server() {
        let payload = written(MediaKind::Video, STAMP);
        let descriptor = Vp8Descriptor::parse(&payload).unwrap();
        assert!(descriptor.starts_key_frame(&payload));
        assert_eq!(descriptor.key_frame_size(&payload), Some((1280, 720)));
        assert_eq!(descriptor.picture_id.unwrap().value, 300);
        let delta = Stamp {
            is_key: false,
            ..STAMP
        };
        let payload = written(MediaKind::Video, delta);
        let descriptor = Vp8Descriptor::parse(&payload).unwrap();
        assert!(!descriptor.starts_key_frame(&payload));
    }
}
