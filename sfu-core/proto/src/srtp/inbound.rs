//! What a session receives: SRTP and SRTCP opened in the receive buffer (RFC 3711 §3.3, §3.4).
//!
//! The order is the point: what is cheap is refused first, and nothing is remembered of a packet
//! before its tag has been found right. A forger leaves no trace here, not even an SSRC.

use core::fmt;

use super::authenticated::{Authenticated, AuthenticatedRtcp};
use super::backend::CryptoBackend;
use super::cipher::{Cipher, RTCP_CLEAR_BYTES};
use super::key_derivation::{Kind, SessionKeys};
use super::keying::MasterKey;
use super::packet_index;
use super::profile::Profile;
use super::sources::Sources;
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::rtp::Header;

/// 1,024 packets: a second of a 9 Mbit/s stream, longer than a network holds a packet back.
const RTP_WINDOW_WORDS: usize = 16;
/// 128 compound packets: many seconds of reports.
const RTCP_WINDOW_WORDS: usize = 2;

/// The flag E: this SRTCP packet is encrypted (RFC 3711 §3.4).
pub(super) const SRTCP_ENCRYPTED: u32 = 1 << 31;

/// The receiving half of a session's keys.
pub struct Inbound {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    rtp_sources: Sources<RTP_WINDOW_WORDS>,
    rtcp_sources: Sources<RTCP_WINDOW_WORDS>,
}

impl Inbound {
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
            rtp_sources: Sources::new(),
            rtcp_sources: Sources::new(),
        }
    }

    /// Opens one SRTP packet (RFC 3711 §3.3). Dropped packets change nothing, with one exception:
    /// a packet that authenticates and then has impossible padding has been seen.
    pub fn unprotect_rtp<'a>(
        &mut self,
        packet: &'a mut [u8],
    ) -> Result<Authenticated<'a>, Dropped> {
        let header = Header::parse(packet)?;
        let place = self.rtp_sources.place(header.ssrc)?;
        let index = packet_index::estimate(self.rtp_sources.highest(place), header.sequence)?;
        self.rtp_sources.check(place, index)?;
        self.rtp.open_rtp(header.ssrc, index, header.len, packet)?;
        self.rtp_sources.accept(place, index);

        // The cipher has found the tag behind the header, so this cannot be short.
        let plain_len = packet.len() - self.profile.rtp_overhead();
        Authenticated::new(header, index, &packet[..plain_len])
    }

    /// Opens one SRTCP packet (RFC 3711 §3.4, RFC 7714 §9).
    ///
    /// A packet with E = 0, authenticated but not encrypted, is `Malformed`: the profile that was
    /// agreed on encrypts SRTCP, and libsrtp refuses it alike.
    pub fn unprotect_rtcp<'a>(
        &mut self,
        packet: &'a mut [u8],
    ) -> Result<AuthenticatedRtcp<'a>, Dropped> {
        let plain_len = packet
            .len()
            .checked_sub(self.profile.rtcp_overhead())
            .filter(|&plain_len| plain_len >= RTCP_CLEAR_BYTES)
            .ok_or(Dropped::Truncated)?;
        let [first, _, _, _, ssrc @ ..] = packet
            .first_chunk::<RTCP_CLEAR_BYTES>()
            .ok_or(Dropped::Truncated)?;
        let ssrc = Ssrc(u32::from_be_bytes(*ssrc));
        let word = self.srtcp_word(packet)?;
        if first >> 6 != 2 || word & SRTCP_ENCRYPTED == 0 {
            return Err(Dropped::Malformed);
        }
        let index = word & !SRTCP_ENCRYPTED;
        let place = self.rtcp_sources.place(ssrc)?;
        self.rtcp_sources.check(place, index.into())?;
        self.rtcp.open_rtcp(ssrc, index, packet)?;
        self.rtcp_sources.accept(place, index.into());
        Ok(AuthenticatedRtcp::new(&packet[..plain_len]))
    }

    fn srtcp_word(&self, packet: &[u8]) -> Result<u32, Dropped> {
        let at = packet
            .len()
            .checked_sub(self.profile.srtcp_word_from_end())
            .ok_or(Dropped::Truncated)?;
        packet[at..]
            .first_chunk()
            .map(|word| u32::from_be_bytes(*word))
            .ok_or(Dropped::Truncated)
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("profile", &self.profile)
            .field("rtp_sources", &self.rtp_sources.len())
            .field("rtcp_sources", &self.rtcp_sources.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
