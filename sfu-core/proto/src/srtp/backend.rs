//! Which library does AES-GCM (RFC 7714). `ring` and `aws-lc-rs` overtake each other from one
//! processor to the next, so a node measures both when it starts. There is no clock here: here is
//! the work to be timed, and the known answers without which a library is not used.

use core::fmt;

use super::aead::{AeadKey, NONCE_BYTES};
use super::profile::GCM_TAG_BYTES;
use crate::rtp::header::FIXED_BYTES;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CryptoBackend {
    #[default]
    Ring,
    AwsLc,
}

impl CryptoBackend {
    pub const ALL: [Self; 2] = [Self::Ring, Self::AwsLc];

    /// Whether it gives the known answers, over all the lengths at which it changes its way of
    /// working, and refuses a wrong tag. Takes some microseconds.
    pub fn self_check(self) -> bool {
        let short = AeadKey::aes_128(self, &counting());
        let long = AeadKey::aes_256(self, &counting());
        chained_tags(&short) == Some(TAGS_128)
            && chained_tags(&long) == Some(TAGS_256)
            && opens_what_is_right_alone(&short)
            && opens_what_is_right_alone(&long)
    }
}

impl fmt::Display for CryptoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ring => "ring",
            Self::AwsLc => "aws-lc-rs",
        })
    }
}

/// The work of sending, to be timed by whoever has a clock: packets sealed under one key.
pub struct SealingTrial {
    key: AeadKey,
    sealed: u64,
    payload: [u8; Self::PAYLOAD_BYTES],
}

impl SealingTrial {
    /// A packet of video.
    pub const PAYLOAD_BYTES: usize = 1_100;

    pub fn new(crypto: CryptoBackend) -> Self {
        Self {
            key: AeadKey::aes_128(crypto, &counting()),
            sealed: 0,
            payload: [0; Self::PAYLOAD_BYTES],
        }
    }

    pub fn seal(&mut self, packets: u32) {
        let mut tag = [0; GCM_TAG_BYTES];
        for _ in 0..packets {
            self.sealed += 1;
            // It cannot fail at this length.
            let _ = self
                .key
                .seal(nonce(self.sealed), &ASSOCIATED, &mut self.payload, &mut tag);
        }
    }
}

impl fmt::Debug for SealingTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingTrial").finish_non_exhaustive()
    }
}

/// The RTP header of RFC 7714 §16.
const ASSOCIATED: [u8; FIXED_BYTES] = [
    0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2,
];

/// One buffer sealed again and again, each time a little more of it: 0, 37, 74 … 1,184 bytes. These
/// are the tags, all added without carry, as OpenSSL 3 computes them.
const CHAIN_STEP: usize = 37;
const CHAIN_BYTES: usize = 32 * CHAIN_STEP;
const TAGS_128: u128 = 0x7689_380d_275c_90b4_57fe_9ce0_35bf_34e3;
const TAGS_256: u128 = 0xc001_8c6b_5475_3487_4805_385c_90f3_b38c;

fn chained_tags(key: &AeadKey) -> Option<u128> {
    let mut text = [0; CHAIN_BYTES];
    let mut tags = 0;
    for (number, len) in (0..).zip((0..=CHAIN_BYTES).step_by(CHAIN_STEP)) {
        let mut tag = [0; GCM_TAG_BYTES];
        key.seal(nonce(number), &ASSOCIATED, &mut text[..len], &mut tag)
            .ok()?;
        tags ^= u128::from_be_bytes(tag);
    }
    Some(tags)
}

fn opens_what_is_right_alone(key: &AeadKey) -> bool {
    let mut text = [0x5a; CHAIN_BYTES];
    let mut tag = [0; GCM_TAG_BYTES];
    let sealed = key.seal(nonce(1), &ASSOCIATED, &mut text, &mut tag);
    let mut forged = text;
    let mut wrong = tag;
    wrong[GCM_TAG_BYTES - 1] ^= 1;
    sealed.is_ok()
        && key
            .open(nonce(1), &ASSOCIATED, &mut forged, &wrong)
            .is_err()
        && key.open(nonce(1), &ASSOCIATED, &mut text, &tag).is_ok()
        && text == [0x5a; CHAIN_BYTES]
}

fn nonce(number: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    nonce
}

/// The key of RFC 7714 §16: bytes that count up.
fn counting<const N: usize>() -> [u8; N] {
    core::array::from_fn(|at| u8::try_from(at).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_give_the_known_answers() {
        for crypto in CryptoBackend::ALL {
            assert!(crypto.self_check(), "{crypto}");
        }
    }

    #[test]
    fn another_key_gives_others() {
        for crypto in CryptoBackend::ALL {
            let key = AeadKey::aes_128(crypto, &[1; 16]);
            assert_ne!(chained_tags(&key), Some(TAGS_128), "{crypto}");
        }
    }

    #[test]
    fn the_trial_works_alike_on_both() {
        let [mut one, mut other] = CryptoBackend::ALL.map(SealingTrial::new);
        one.seal(3);
        other.seal(3);
        assert_ne!(one.payload, [0; SealingTrial::PAYLOAD_BYTES]);
        assert_eq!(one.payload, other.payload);
    }
}
