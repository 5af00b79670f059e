//! Why an offer was refused: which line, whose fault, and how to cure it. The message of each
//! variant is what the caller of the HTTP API reads.

use thiserror::Error;

/// Characters of an offending line that an error repeats.
const TEXT_CHARS_MAX: usize = 120;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {kind}")]
pub struct SdpError {
    /// Counted from 1. For something that is missing, the line that should have brought it along:
    /// an `m=` line, or 1 for the session part.
    pub line: usize,
    /// The line, clipped.
    pub text: String,
    pub kind: SdpErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SdpErrorKind {
    /// HTTP 400.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// HTTP 422.
    #[error(transparent)]
    Lacks(#[from] Lacks),
}

/// The text is not the SDP it claims to be: a fault of the program that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    #[error("this is not an SDP line (a letter, '=' and a value); mend the client that wrote it")]
    NotALine,
    #[error("SDP has no line of this letter at this place (RFC 8866 §5); mend the client")]
    WrongLetter,
    #[error("SDP begins with the lines v=0, o= and s= (RFC 8866 §5); here {expected} is missing")]
    Beginning { expected: &'static str },
    #[error("the m= line needs a media, a port, a protocol and a format (RFC 8866 §5.14)")]
    MediaLine,
    #[error("a={name} must be {rule}; mend the client that wrote it")]
    Attribute {
        name: &'static str,
        rule: &'static str,
    },
    #[error("a second m-line with this mid; each needs its own (RFC 5888 §4)")]
    DuplicateMid,
    #[error("a second m-line that sends with this SSRC; each needs its own (RFC 3550 §8)")]
    DuplicateSsrc,
    #[error("more than {max} {what}; send a smaller offer")]
    TooMany { what: &'static str, max: usize },
}

/// The text is SDP, but no call can come of it here: the caller has to offer something else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Lacks {
    #[error("the m-line has no a=mid; offer BUNDLE, which names every m-line (RFC 9143)")]
    Mid,
    #[error("this mid cannot ride in a header extension; use 1 to 16 letters and digits")]
    ShortMid,
    #[error(
        "the m-line is in no a=group:BUNDLE with the others; this server has one transport \
         for all (use bundlePolicy \"max-bundle\")"
    )]
    Bundle,
    #[error("the m-line has no a=rtcp-mux; this server has no port of its own for RTCP (RFC 5761)")]
    RtcpMux,
    #[error("the offer has no a=ice-ufrag; this server speaks ICE only (RFC 8839)")]
    IceUfrag,
    #[error("the offer has no a=ice-pwd; this server speaks ICE only (RFC 8839)")]
    IcePwd,
    #[error("a=ice-lite, but this server is ICE-lite too: the offerer must be a full ICE agent")]
    FullIce,
    #[error("the offer has no a=fingerprint; this server speaks DTLS-SRTP only (RFC 8842)")]
    Fingerprint,
    #[error("the offer has no a=fingerprint with sha-256; add one (RFC 8122)")]
    Sha256,
    #[error("the offer has no a=setup; offer actpass (RFC 8842 §5.2)")]
    Setup,
    #[error("this server answers a=setup:passive; offer actpass or active (RFC 8842 §5.2)")]
    ActiveSetup,
    #[error("a={name} differs between bundled m-lines, which share one transport (RFC 9143)")]
    OneTransport { name: &'static str },
    #[error("this header extension has another id elsewhere; use one in the bundle (RFC 9143)")]
    OneExtensionId,
    #[error("this id already names another header extension (RFC 8285 §5); use each id once")]
    OneExtensionPerId,
    #[error("no m-line of the offer can be used; the first fails since {0}")]
    Media(Rejection),
    #[error("the offer has no m-line; offer something to send or to receive")]
    AnyMedia,
}

/// Why an m-line carries nothing: it is answered with port 0 or, if only the role or the direction
/// is in the way, `inactive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    #[error("the offer itself disables it or makes it inactive")]
    Inactive,
    #[error("this server carries audio and video only")]
    NotMedia,
    #[error("its protocol is not UDP/TLS/RTP/SAVPF; offer that")]
    Profile,
    #[error(
        "none of its codecs is carried here; offer opus/48000/2, VP8, or H264 in constrained \
         baseline with packetization-mode=1"
    )]
    Codec,
    #[error("this participant may only watch; join in another role to send")]
    MayNotPublish,
    #[error("a participant sends one audio, one camera and one screen, and it is one more")]
    OneOfEach,
    #[error("the session has all the receiving m-lines it may have")]
    TooManySlots,
}

impl SdpError {
    pub(super) fn new(line: usize, text: &str, kind: impl Into<SdpErrorKind>) -> Self {
        Self {
            line,
            text: text.chars().take(TEXT_CHARS_MAX).collect(),
            kind: kind.into(),
        }
    }

    /// Whether the text itself is at fault (400), not what it asks for (422).
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, SdpErrorKind::Broken(_))
    }
}
