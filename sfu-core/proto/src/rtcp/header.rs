//! What RTCP packets have in common (RFC 3550 §6.4.1, RFC 4585 §6.1).
//!
//! ```text
//! |V=2|P|  count  |      type     |   words that follow, padding too   |
//! |                      SSRC of the sender                            |
//! |                SSRC of the media, feedback only                    |
//! ```

use crate::dropped::Dropped;
use crate::ids::Ssrc;

pub(super) const BYTES: usize = 4;

pub(super) const SENDER_REPORT: u8 = 200;
pub(super) const RECEIVER_REPORT: u8 = 201;
pub(super) const DESCRIPTION: u8 = 202;
pub(super) const GOODBYE: u8 = 203;
pub(super) const TRANSPORT_LAYER: u8 = 205;
pub(super) const PAYLOAD_SPECIFIC: u8 = 206;

/// Formats of `TRANSPORT_LAYER` feedback, in the place of the count.
pub(super) const NACK: u8 = 1;
pub(super) const TRANSPORT_FEEDBACK: u8 = 15;

/// Formats of `PAYLOAD_SPECIFIC` feedback.
pub(super) const PLI: u8 = 1;
pub(super) const FIR: u8 = 4;
pub(super) const APPLICATION: u8 = 15;

/// The five bits of a count hold no more.
pub(super) const COUNT_MAX: usize = 31;

/// Bytes of the two SSRCs that every feedback body begins with.
pub(super) const FEEDBACK_BYTES: usize = 8;

/// The number of the packet's kind, and its count or format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) packet_type: u8,
    pub(super) count: u8,
}

/// Splits a compound into its first packet (header, body without padding) and the rest.
pub(super) fn split(bytes: &[u8]) -> Result<(Header, &[u8], &[u8]), Dropped> {
    let (head, behind) = bytes
        .split_first_chunk::<BYTES>()
        .ok_or(Dropped::Truncated)?;
    if head[0] >> 6 != 2 {
        return Err(Dropped::Malformed);
    }
    let body_len = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    let (mut body, rest) = behind
        .split_at_checked(body_len)
        .ok_or(Dropped::Truncated)?;
    if head[0] & 0x20 != 0 {
        body = without_padding(body).ok_or(Dropped::Malformed)?;
    }
    let header = Header {
        packet_type: head[1],
        count: head[0] & 0x1f,
    };
    Ok((header, body, rest))
}

/// The last byte of the padding counts itself (RFC 3550 §6.4.1).
fn without_padding(body: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*body.last()?);
    let len = body.len().checked_sub(padding)?;
    (padding != 0).then(|| &body[..len])
}

/// Splits a feedback body into sender, media and what is particular to its format.
pub(super) fn feedback(body: &[u8]) -> Result<(Ssrc, Ssrc, &[u8]), Dropped> {
    let (sender, rest) = ssrc(body)?;
    let (media, rest) = ssrc(rest)?;
    Ok((sender, media, rest))
}

pub(super) fn ssrc(bytes: &[u8]) -> Result<(Ssrc, &[u8]), Dropped> {
    let (ssrc, rest) = bytes.split_first_chunk().ok_or(Dropped::Truncated)?;
    Ok((Ssrc(u32::from_be_bytes(*ssrc)), rest))
}

/// Fills the two SSRCs of a feedback body.
pub(super) fn write_feedback(body: &mut [u8], sender: Ssrc, media: Ssrc) {
    body[..4].copy_from_slice(&sender.0.to_be_bytes());
    body[4..8].copy_from_slice(&media.0.to_be_bytes());
}
