//! AES-GCM for SRTP and SRTCP (RFC 7714), over whichever library the node has chosen.
//!
//! The IV, 12 bytes (§8.1, §9.1); an SRTCP index of 31 bits stands where the 48 bits are:
//!
//! ```text
//! byte    0    1    2    3    4    5    6    7    8    9   10   11
//!       | 0    0 |       SSRC        |   rollover c.   | sequence |
//!                                    |     packet index, 48 bits  |
//! XOR   |                 session salt, 96 bits                   |
//! ```
//!
//! What is encrypted (░) and what only authenticated:
//!
//! ```text
//! SRTP    | header, CSRCs, extensions |░░ payload ░░| tag, 16 |                 §8.2
//! SRTCP   | first 8 bytes |░░ the rest ░░| tag, 16 | E, index |                 §9.2
//!           and the last word, which the associated data repeats behind the first 8 bytes
//! ```

use super::aead::{AeadKey, NONCE_BYTES};
use super::backend::CryptoBackend;
use super::cipher::RTCP_CLEAR_BYTES;
use super::key_derivation::SessionKeys;
use super::profile::{GCM_TAG_BYTES, SRTCP_WORD_BYTES};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

pub(super) struct AesGcm {
    key: AeadKey,
    /// As the 96-bit number that it is in the drawing above.
    salt: u128,
}

impl AesGcm {
    pub(super) fn new_128(crypto: CryptoBackend, keys: &SessionKeys) -> Self {
        Self::new(AeadKey::aes_128(crypto, &keys.key_128()), keys)
    }

    pub(super) fn new_256(crypto: CryptoBackend, keys: &SessionKeys) -> Self {
        Self::new(AeadKey::aes_256(crypto, &keys.key), keys)
    }

    fn new(key: AeadKey, keys: &SessionKeys) -> Self {
        let mut salt = [0; 16];
        salt[4..].copy_from_slice(&keys.salt[..NONCE_BYTES]);
        Self {
            key,
            salt: u128::from_be_bytes(salt),
        }
    }

    pub(super) fn open_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        let (header, sealed) = packet
            .split_at_mut_checked(header_len)
            .ok_or(Dropped::Truncated)?;
        let (payload, tag) = sealed
            .split_last_chunk_mut::<GCM_TAG_BYTES>()
            .ok_or(Dropped::Truncated)?;
        self.key.open(self.iv(ssrc, index), header, payload, tag)
    }

    pub(super) fn seal_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        slot: &mut [u8],
    ) -> Result<(), Dropped> {
        let (header, rest) = slot
            .split_at_mut_checked(header_len)
            .ok_or(Dropped::Truncated)?;
        let (payload, tag) = rest
            .split_last_chunk_mut::<GCM_TAG_BYTES>()
            .ok_or(Dropped::Truncated)?;
        self.key.seal(self.iv(ssrc, index), header, payload, tag)
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: Ssrc,
        index: u32,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        let parts = RtcpParts::split(packet)?;
        let associated = parts.associated();
        let iv = self.iv(ssrc, index.into());
        self.key.open(iv, &associated, parts.rest, parts.tag)
    }

    /// The last word of the slot is written already.
    pub(super) fn seal_rtcp(&self, ssrc: Ssrc, index: u32, slot: &mut [u8]) -> Result<(), Dropped> {
        let parts = RtcpParts::split(slot)?;
        let associated = parts.associated();
        let iv = self.iv(ssrc, index.into());
        self.key.seal(iv, &associated, parts.rest, parts.tag)
    }

    fn iv(&self, ssrc: Ssrc, index: u64) -> [u8; NONCE_BYTES] {
        let iv = self.salt ^ (u128::from(ssrc.0) << 48) ^ u128::from(index);
        let mut bytes = [0; NONCE_BYTES];
        bytes.copy_from_slice(&iv.to_be_bytes()[4..]);
        bytes
    }
}

/// An SRTCP packet along the lines of the drawing above.
struct RtcpParts<'a> {
    clear: &'a mut [u8; RTCP_CLEAR_BYTES],
    rest: &'a mut [u8],
    tag: &'a mut [u8; GCM_TAG_BYTES],
    word: &'a mut [u8; SRTCP_WORD_BYTES],
}

impl<'a> RtcpParts<'a> {
    fn split(packet: &'a mut [u8]) -> Result<Self, Dropped> {
        let (packet, word) = packet.split_last_chunk_mut().ok_or(Dropped::Truncated)?;
        let (packet, tag) = packet.split_last_chunk_mut().ok_or(Dropped::Truncated)?;
        let (clear, rest) = packet.split_first_chunk_mut().ok_or(Dropped::Truncated)?;
        Ok(Self {
            clear,
            rest,
            tag,
            word,
        })
    }

    fn associated(&self) -> [u8; RTCP_CLEAR_BYTES + SRTCP_WORD_BYTES] {
        let mut associated = [0; RTCP_CLEAR_BYTES + SRTCP_WORD_BYTES];
        associated[..RTCP_CLEAR_BYTES].copy_from_slice(self.clear);
        associated[RTCP_CLEAR_BYTES..].copy_from_slice(self.word);
        associated
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use super::super::testing::{hex, master};
    use super::*;
    use crate::srtp::key_derivation::Kind;

    /// Slow and obvious: concatenate, then XOR byte by byte (RFC 7714 §8.1).
    fn obvious_iv(salt: &[u8], ssrc: u32, rollover: u32, sequence: u16) -> Vec<u8> {
        let mut iv = vec![0, 0];
        iv.extend(ssrc.to_be_bytes());
        iv.extend(rollover.to_be_bytes());
        iv.extend(sequence.to_be_bytes());
        iv.iter().zip(salt).map(|(a, b)| a ^ b).collect()
    }

    #[test]
    fn the_iv_is_the_one_of_rfc7714() {
        let profile = Profile::AeadAes128Gcm;
        let mut keys = SessionKeys::derive(profile, &master(profile), Kind::Rtp);
        keys.salt[..NONCE_BYTES].copy_from_slice(b"Quid pro quo");
        let cipher = AesGcm::new_128(CryptoBackend::default(), &keys);
        let iv = |ssrc, index| cipher.iv(Ssrc(ssrc), index).to_vec();
        assert_eq!(iv(0x5501_a0b2, 0xf17b), hex("51753c6580c2726f20718414")); // §16
        assert_eq!(iv(0x4d61_7273, 0x5d4), hex("517524055203726f207170bb")); // §17
        for (ssrc, rollover, sequence) in [(0, 0, 0), (1, 2, 3), (u32::MAX, u32::MAX, u16::MAX)] {
            let index = u64::from(rollover) << 16 | u64::from(sequence);
            assert_eq!(
                iv(ssrc, index),
                obvious_iv(b"Quid pro quo", ssrc, rollover, sequence)
            );
        }
    }
}
