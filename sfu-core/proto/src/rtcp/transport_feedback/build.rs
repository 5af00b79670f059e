//! Writes transport feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1, framed by
//! RFC 4585).

use super::super::header::{self, BYTES, FEEDBACK_BYTES, TRANSPORT_FEEDBACK, TRANSPORT_LAYER};
use super::super::{Full, Writer};
use super::chunk::{self, LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA};
use super::{HEAD_BYTES, REFERENCE_SHIFT};
use crate::ids::Ssrc;
use crate::limits::DATAGRAM_BYTES_MAX;

/// Packets that one feedback packet reports on at most.
pub const STATUSES_MAX: usize = 512;

/// The longest feedback packet: [`STATUSES_MAX`] large deltas in vectors of seven.
pub const PACKET_BYTES_MAX: usize =
    (BYTES + HEAD_BYTES + 2 * STATUSES_MAX.div_ceil(7) + 2 * STATUSES_MAX).next_multiple_of(4);

// One feedback packet and its SRTCP trailer fit into one datagram with room for a report before it.
const _: () = assert!(PACKET_BYTES_MAX + 100 <= DATAGRAM_BYTES_MAX);

/// What a feedback packet says besides arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackHead {
    pub sender: Ssrc,
    /// One of the SSRCs reported on: Chromium ignores feedback for an SSRC that it does not send.
    pub media: Ssrc,
    pub base_sequence: u16,
    /// Rises by one with each feedback packet, so that lost ones are noticed.
    pub feedback_count: u8,
}

impl Writer<'_> {
    /// Reports on consecutive packets from the base sequence on: the tick of arrival, or `None` for
    /// lost. Says how many it took; it stops before a delta that 16 bits cannot hold and when the
    /// room is used up. Takes and writes nothing if none of them arrived: without an arrival there
    /// is no reference time.
    ///
    /// Put no two into one datagram: libwebrtc takes only the last of a compound packet.
    pub fn transport_feedback(
        &mut self,
        head: &FeedbackHead,
        arrivals: impl IntoIterator<Item = Option<u32>>,
    ) -> Result<usize, Full> {
        let statuses_max = statuses_in(self.body_room().len());
        let statuses = Statuses::collect(arrivals.into_iter().take(statuses_max));
        if statuses_max == 0 {
            return Err(Full);
        }
        let Some(reference) = statuses.reference_ticks else {
            return Ok(0);
        };
        let at = self.body_room().get_mut(HEAD_BYTES..).ok_or(Full)?;
        let list_bytes = statuses.write(at);
        let body_len = HEAD_BYTES + list_bytes;
        let body = self.packet(TRANSPORT_LAYER, TRANSPORT_FEEDBACK.into(), body_len)?;
        header::write_feedback(body, head.sender, head.media);
        #[expect(clippy::cast_possible_truncation, reason = "at most STATUSES_MAX")]
        let status_count = statuses.len as u16;
        let [_, reference @ ..] = (reference >> REFERENCE_SHIFT).to_be_bytes();
        let rest = &mut body[FEEDBACK_BYTES..HEAD_BYTES];
        rest[..2].copy_from_slice(&head.base_sequence.to_be_bytes());
        rest[2..4].copy_from_slice(&status_count.to_be_bytes());
        rest[4..7].copy_from_slice(&reference);
        rest[7] = head.feedback_count;
        Ok(statuses.len)
    }
}

/// How many statuses fit into a body in the worst case, large deltas in vectors of seven: 16 bytes
/// for each seven packets, then one chunk that is not full.
fn statuses_in(body_bytes: usize) -> usize {
    // The zeros to a whole word are no room.
    let list_bytes = body_bytes.saturating_sub(HEAD_BYTES) / 4 * 4;
    let rest = (list_bytes % 16).saturating_sub(2) / 2;
    (list_bytes / 16 * 7 + rest).min(STATUSES_MAX)
}

/// Symbols and deltas of one feedback packet, before it is known how many chunks they take.
struct Statuses {
    symbols: [u8; STATUSES_MAX],
    deltas: [i16; STATUSES_MAX],
    len: usize,
    reference_ticks: Option<u32>,
}

impl Statuses {
    /// At most `STATUSES_MAX` arrivals.
    fn collect(arrivals: impl Iterator<Item = Option<u32>>) -> Self {
        let mut statuses = Self {
            symbols: [NOT_RECEIVED; STATUSES_MAX],
            deltas: [0; STATUSES_MAX],
            len: 0,
            reference_ticks: None,
        };
        let mut previous = 0;
        let places = statuses.symbols.iter_mut().zip(&mut statuses.deltas);
        for (arrival, (symbol, place)) in arrivals.zip(places) {
            if let Some(ticks) = arrival {
                if statuses.reference_ticks.is_none() {
                    previous = ticks >> REFERENCE_SHIFT << REFERENCE_SHIFT;
                    statuses.reference_ticks = Some(previous);
                }
                let Ok(delta) = i16::try_from(ticks.wrapping_sub(previous).cast_signed()) else {
                    break;
                };
                previous = ticks;
                *place = delta;
                *symbol = match u8::try_from(delta) {
                    Ok(_) => SMALL_DELTA,
                    Err(_) => LARGE_DELTA,
                };
            }
            statuses.len += 1;
        }
        statuses
    }

    /// Chunks, deltas and zeros to a whole word; says how many bytes those are.
    fn write(&self, out: &mut [u8]) -> usize {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
            at
        };
        let symbols = &self.symbols[..self.len];
        let mut rest = symbols;
        while !rest.is_empty() {
            let (chunk, covered) = chunk::encode(rest);
            put(&chunk);
            rest = &rest[covered..];
        }
        for (symbol, delta) in symbols.iter().zip(self.deltas) {
            let bytes = delta.to_be_bytes();
            put(&bytes[bytes.len() - usize::from(*symbol)..]);
        }
        let used = put(&[]);
        put(&[0; 3][..used.next_multiple_of(4) - used])
    }
}
