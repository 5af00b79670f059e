//! SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2): which cipher, and how many bytes it
//! adds. Everything that differs in length between the profiles stands here.

use serde::{Deserialize, Serialize};

/// The flag E and the 31-bit SRTCP index: the word that every SRTCP packet carries (RFC 3711 §3.4).
pub(super) const SRTCP_WORD_BYTES: usize = 4;
/// RFC 7714 §13.2: both AEAD profiles use the whole tag.
pub(super) const GCM_TAG_BYTES: usize = 16;
/// RFC 3711 §5.2: HMAC-SHA1 cut to 80 bits.
pub(super) const SHA1_80_TAG_BYTES: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    Aes128CmSha1_80,
}

impl Profile {
    /// Ours, best first (DESIGN D6): a full packet costs a third under GCM of what it costs with
    /// HMAC-SHA1.
    pub const PREFERENCE: [Self; 3] = [
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
        Self::Aes128CmSha1_80,
    ];

    /// Its number in the `use_srtp` extension.
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128CmSha1_80 => 0x0001,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    pub fn from_id(id: u16) -> Option<Self> {
        Self::PREFERENCE.into_iter().find(|known| known.id() == id)
    }

    /// The best that the client offers, whatever its own order: the core is always the DTLS server,
    /// so the choice is ours (DESIGN D6).
    pub fn best_of(offered: impl Iterator<Item = u16>) -> Option<Self> {
        offered
            .filter_map(|id| Self::PREFERENCE.iter().position(|ours| ours.id() == id))
            .min()
            .map(|best| Self::PREFERENCE[best])
    }

    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::Aes128CmSha1_80 => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    pub const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmSha1_80 => 14,
        }
    }

    /// What the DTLS exporter must give: keys and salts of both sides (RFC 5764 §4.2).
    pub const fn keying_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    /// What `protect_rtp` adds: the tag.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => GCM_TAG_BYTES,
            Self::Aes128CmSha1_80 => SHA1_80_TAG_BYTES,
        }
    }

    /// What `protect_rtcp` adds: the word with E and index, and the tag.
    pub const fn rtcp_overhead(self) -> usize {
        SRTCP_WORD_BYTES + self.rtp_overhead()
    }

    /// How far from the end of an SRTCP packet that word begins.
    pub(super) const fn srtcp_word_from_end(self) -> usize {
        match self {
            // RFC 7714 §9.1: the tag belongs to the ciphertext, the word comes last.
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => SRTCP_WORD_BYTES,
            // RFC 3711 §3.4: the tag comes last.
            Self::Aes128CmSha1_80 => SRTCP_WORD_BYTES + SHA1_80_TAG_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_order_wins_over_theirs() {
        let best = |offered: &[u16]| Profile::best_of(offered.iter().copied());
        // Chromium 156 and Firefox 153, in their own orders.
        assert_eq!(best(&[1, 8, 7]), Some(Profile::AeadAes128Gcm));
        assert_eq!(best(&[7, 8, 1, 2]), Some(Profile::AeadAes128Gcm));
        assert_eq!(best(&[1, 8]), Some(Profile::AeadAes256Gcm));
        assert_eq!(best(&[2, 1]), Some(Profile::Aes128CmSha1_80));
        assert_eq!(best(&[2, 5, 6]), None);
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn numbers_are_those_of_rfc5764_and_rfc7714() {
        assert_eq!(Profile::from_id(0x0001), Some(Profile::Aes128CmSha1_80));
        assert_eq!(Profile::from_id(0x0007), Some(Profile::AeadAes128Gcm));
        assert_eq!(Profile::from_id(0x0008), Some(Profile::AeadAes256Gcm));
        for unknown in [0x0000, 0x0002, 0x0005, 0x0006, 0x0009, 0xffff] {
            assert_eq!(Profile::from_id(unknown), None);
        }
    }

    #[test]
    fn lengths_are_those_of_the_rfcs() {
        let lengths = Profile::PREFERENCE.map(|profile| {
            (
                profile.keying_len(),
                profile.rtp_overhead(),
                profile.rtcp_overhead(),
            )
        });
        assert_eq!(lengths, [(56, 16, 20), (88, 16, 20), (60, 10, 14)]);
    }
}
