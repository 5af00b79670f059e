//! What one SDP offer and its answer come down to, in numbers: all that the core needs to know of a
//! session. Payload types, extension ids and mids are the session's own (DESIGN D1, numbering).

use core::fmt;

use serde::{Deserialize, Serialize};

/// A short identifier from SDP: at most 16 bytes (`mid`, `rid`). Longer ones are refused by the
/// sidecar, since they could not ride in a one-byte header extension (RFC 8285 §4.2).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token {
    len: u8,
    bytes: [u8; 16],
}

/// Identifies an m-line (RFC 9143).
pub type Mid = Token;
/// Identifies one encoding of a simulcast (RFC 8852).
pub type Rid = Token;

impl Token {
    /// `None` if it is empty, longer than 16 bytes or not plain ASCII.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > 16 || !bytes.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let mut token = Self::default();
        #[expect(clippy::cast_possible_truncation, reason = "at most 16, checked above")]
        {
            token.len = bytes.len() as u8;
        }
        token.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(token)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len.min(16))]
    }

    /// All sixteen bytes: zeros behind the identifier, whatever came over the socket.
    pub(crate) fn padded(&self) -> [u8; 16] {
        let behind = u128::MAX.checked_shr(8 * u32::from(self.len)).unwrap_or(0);
        (u128::from_be_bytes(self.bytes) & !behind).to_be_bytes()
    }

    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or("?")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// ICE user name fragment and password (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceCredentials {
    pub ufrag: String,
    pub password: String,
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials")
            .field("ufrag", &self.ufrag)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate (RFC 8122 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Codec {
    Opus,
    Vp8,
    /// H.264 constrained baseline, packetization mode 1 (RFC 6184).
    H264,
}

impl Codec {
    pub const ALL: [Self; 3] = [Self::Opus, Self::Vp8, Self::H264];

    pub const fn index(self) -> usize {
        self as usize
    }

    /// RTP clock rate in hertz.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 | Self::H264 => 90_000,
        }
    }
}

/// What a participant may publish, at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    Audio,
    Camera,
    Screen,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Audio, Self::Camera, Self::Screen];

    pub const fn index(self) -> usize {
        self as usize
    }
}

/// RFC 8285 ids of the extensions that both sides agreed on; the same on every bundled m-line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`
    pub repaired_rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464)
    pub audio_level: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`
    pub abs_send_time: Option<u8>,
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`
    pub transport_cc: Option<u8>,
}

/// An m-line on which the participant sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishLine {
    pub mid: Mid,
    pub source: Source,
    pub codec: Codec,
    pub payload_type: u8,
    /// Payload type of the repair stream (RFC 4588); `None` without RTX.
    pub rtx_payload_type: Option<u8>,
    /// Encodings, lowest first; empty without simulcast.
    pub rids: Vec<Rid>,
    /// `a=ssrc` of the media and, from its FID group, of the repair stream, if the offer says them.
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SlotKind {
    Audio,
    Video,
    Screen,
}

/// A codec that the viewer takes on a slot, under its own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCodec {
    pub codec: Codec,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
}

/// An m-line on which the participant receives: one of the fixed slots of DESIGN D1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotLine {
    pub mid: Mid,
    pub kind: SlotKind,
    pub codecs: Vec<SlotCodec>,
}

/// A whole session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPlan {
    pub participant: crate::ids::ParticipantId,
    /// The far side's credentials.
    pub ice: IceCredentials,
    /// What the far side's certificate must hash to.
    pub fingerprint: Fingerprint,
    pub extensions: ExtensionIds,
    pub publish: Vec<PublishLine>,
    pub slots: Vec<SlotLine>,
}
