//! A packet on its way to one viewer: all that the session needs to write its header and seal it.

use crate::control::Mid;
use crate::ids::{ParticipantId, Ssrc};
use crate::rtp::Vp8Numbers;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub mid: Mid,
    pub ssrc: Ssrc,
    pub payload_type: u8,
    pub marker: bool,
    /// Widened; it is also the SRTP packet index (RFC 3711 §3.3.1).
    pub sequence: u64,
    pub timestamp: u64,
    /// Whose media it is: the CSRC.
    pub participant: ParticipantId,
    pub audio_level: Option<u8>,
    /// Whether repeats of it leave by a repair stream. If not, they must equal the first sending
    /// bit for bit, so nothing in it may depend on the time of sending (DESIGN D6).
    pub has_repair_stream: bool,
    /// It has been sent before, in this form or another.
    pub is_repeat: bool,
    /// The sequence that this packet repairs (RFC 4588 §4, OSN).
    pub repairs: Option<u16>,
    pub vp8: Vp8Numbers,
    /// Bytes of padding behind the payload (RFC 3550 §5.1).
    pub padding: u8,
    pub payload: &'a [u8],
}
