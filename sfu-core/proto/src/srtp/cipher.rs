//! Ciphers of the profiles (RFC 3711 §4, RFC 7714).
//!
//! One key of one direction, RTP or RTCP, under whichever profile was agreed: the seam between
//! what all profiles share (index, replay, table) and what each does its own way.
//!
//! Each call opens or seals in place. A failed `open` may leave the packet's bytes scrambled; it
//! was to be dropped anyway.

use super::aes_cm::AesCm;
use super::aes_gcm::AesGcm;
use super::backend::CryptoBackend;
use super::key_derivation::SessionKeys;
use super::profile::Profile;
use crate::dropped::Dropped;
use crate::ids::Ssrc;

/// RTCP's first header and the sender's SSRC: never encrypted (RFC 3711 §3.4).
pub(super) const RTCP_CLEAR_BYTES: usize = 8;

#[expect(
    clippy::large_enum_variant,
    reason = "nearly every session runs on AES-GCM: the pointer is for the other"
)]
pub(super) enum Cipher {
    AesGcm(AesGcm),
    AesCm(Box<AesCm>),
}

impl Cipher {
    pub(super) fn new(crypto: CryptoBackend, profile: Profile, keys: &SessionKeys) -> Self {
        match profile {
            Profile::AeadAes128Gcm => Self::AesGcm(AesGcm::new_128(crypto, keys)),
            Profile::AeadAes256Gcm => Self::AesGcm(AesGcm::new_256(crypto, keys)),
            Profile::Aes128CmSha1_80 => Self::AesCm(Box::new(AesCm::new(keys))),
        }
    }

    pub(super) fn open_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        match self {
            Self::AesGcm(cipher) => cipher.open_rtp(ssrc, index, header_len, packet),
            Self::AesCm(cipher) => cipher.open_rtp(ssrc, index, header_len, packet),
        }
    }

    pub(super) fn seal_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        slot: &mut [u8],
    ) -> Result<(), Dropped> {
        match self {
            Self::AesGcm(cipher) => cipher.seal_rtp(ssrc, index, header_len, slot),
            Self::AesCm(cipher) => cipher.seal_rtp(ssrc, index, header_len, slot),
        }
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: Ssrc,
        index: u32,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        match self {
            Self::AesGcm(cipher) => cipher.open_rtcp(ssrc, index, packet),
            Self::AesCm(cipher) => cipher.open_rtcp(ssrc, index, packet),
        }
    }

    /// The slot holds the plain packet, then `rtcp_overhead` bytes in which the word with E and
    /// index is written already.
    pub(super) fn seal_rtcp(&self, ssrc: Ssrc, index: u32, slot: &mut [u8]) -> Result<(), Dropped> {
        match self {
            Self::AesGcm(cipher) => cipher.seal_rtcp(ssrc, index, slot),
            Self::AesCm(cipher) => cipher.seal_rtcp(ssrc, index, slot),
        }
    }
}
