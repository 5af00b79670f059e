//! What a session sends: RTP and RTCP sealed in the send area (RFC 3711 §3.3, §3.4).
//!
//! The one thing to know: one (key, SSRC, index) must never seal two different packets, or both
//! lose their secrecy, and under GCM the key loses its authenticity (RFC 7714 §8.4). For RTCP the
//! counter here sees to it; for RTP whoever numbers the packets must.

use core::fmt;

use super::backend::CryptoBackend;
use super::cipher::{Cipher, RTCP_CLEAR_BYTES};
use super::inbound::SRTCP_ENCRYPTED;
use super::key_derivation::{Kind, SessionKeys};
use super::keying::MasterKey;
use super::packet_index;
use super::profile::{Profile, SRTCP_WORD_BYTES};
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::rtp::header::FIXED_BYTES;

/// RFC 3711 §9.2: 2^31 SRTCP packets, then the key is spent.
const SRTCP_INDEX_END: u32 = 1 << 31;

/// The sending half of a session's keys.
pub struct Outbound {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    /// One counter for all our SSRCs. RFC 3711 §3.4 asks for one each; this never repeats either,
    /// and no SSRC can be forgotten.
    srtcp_index: u32,
}

impl Outbound {
    /// Over the default library, for whoever has not measured.
    pub fn new(profile: Profile, master: &MasterKey) -> Self {
        Self::over(CryptoBackend::default(), profile, master)
    }

    pub fn over(crypto: CryptoBackend, profile: Profile, master: &MasterKey) -> Self {
        let cipher =
            |kind| Cipher::new(crypto, profile, &SessionKeys::derive(profile, master, kind));
        Self {
            profile,
            rtp: cipher(Kind::Rtp),
            rtcp: cipher(Kind::Rtcp),
            srtcp_index: 0,
        }
    }

    /// The length of the slot that a plain RTP packet needs.
    pub fn rtp_len(&self, plain_len: usize) -> usize {
        plain_len + self.profile.rtp_overhead()
    }

    /// The length of the slot that a plain compound RTCP packet needs.
    pub fn rtcp_len(&self, plain_len: usize) -> usize {
        plain_len + self.profile.rtcp_overhead()
    }

    /// Seals the packet in `slot`, which is `rtp_len` bytes long: the plain packet, then room for
    /// the tag. The payload begins at `header_len`.
    ///
    /// `index` is the 48-bit packet index; its lower 16 bits are the header's sequence number. The
    /// caller never gives one (SSRC, index) to two packets that differ in any byte: it widens the
    /// sequence itself, resends with a fresh sequence over RTX, or repeats the packet exactly.
    pub fn protect_rtp(
        &mut self,
        header_len: usize,
        index: u64,
        slot: &mut [u8],
    ) -> Result<(), Dropped> {
        let [_, _, sequence @ .., _, _, _, _, s0, s1, s2, s3] = slot
            .first_chunk::<FIXED_BYTES>()
            .ok_or(Dropped::Truncated)?;
        debug_assert_eq!(
            index.to_be_bytes()[6..],
            sequence[..],
            "the index must extend the header's sequence"
        );
        let ssrc = Ssrc(u32::from_be_bytes([*s0, *s1, *s2, *s3]));
        if index >= packet_index::END {
            return Err(Dropped::SrtpKeyExhausted);
        }
        self.rtp.seal_rtp(ssrc, index, header_len, slot)
    }

    /// Seals the compound packet in `slot`, which is `rtcp_len` bytes long: the plain packet, then
    /// room for index and tag. Each call uses up an index.
    pub fn protect_rtcp(&mut self, slot: &mut [u8]) -> Result<(), Dropped> {
        let word_at = slot
            .len()
            .checked_sub(self.profile.srtcp_word_from_end())
            .ok_or(Dropped::Truncated)?;
        let [_, _, _, _, ssrc @ ..] = slot
            .first_chunk::<RTCP_CLEAR_BYTES>()
            .ok_or(Dropped::Truncated)?;
        let ssrc = Ssrc(u32::from_be_bytes(*ssrc));
        let index = self.srtcp_index;
        if index >= SRTCP_INDEX_END {
            return Err(Dropped::SrtpKeyExhausted);
        }
        // Counted before it is used, so that no way out of here can use it again.
        self.srtcp_index = index + 1;
        slot[word_at..word_at + SRTCP_WORD_BYTES]
            .copy_from_slice(&(SRTCP_ENCRYPTED | index).to_be_bytes());
        self.rtcp.seal_rtcp(ssrc, index, slot)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("profile", &self.profile)
            .field("srtcp_index", &self.srtcp_index)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
