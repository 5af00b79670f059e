//! When each packet of a publisher's transport arrived, for the transport feedback that its estimator
//! lives on (draft-holmer-rmcat-transport-wide-cc-extensions-01): without it a browser stays at its
//! start bit rate.
//!
//! ```text
//!      reported      |  not yet reported   |
//!  ──────────────────┼─────────────────────┼──────►  sequence
//!                  next                 highest
//!  |<---- ring: the newest STATUSES_MAX ---->|
//! ```
//!
//! A packet that comes after it was reported lost moves `next` back: it is reported once more, with
//! all behind it, as libwebrtc does.

use core::time::Duration;

use crate::ids::Ssrc;
use crate::rtcp::Writer;
use crate::rtcp::transport_feedback::{FeedbackHead, STATUSES_MAX, TICK_NANOS};
use crate::rtp::sequence::Widener;
use crate::time::Instant;

/// The oldest arrival waits this long for its report: the shortest interval that libwebrtc uses
/// itself, since a quick report makes a quick start.
const INTERVAL: Duration = Duration::from_millis(50);

/// So many unreported packets are reported at once, well before the ring is full.
const UNREPORTED_MAX: u64 = STATUSES_MAX as u64 / 4;

const RING_LEN: u64 = STATUSES_MAX as u64;

/// Arrivals on one session.
#[derive(Debug)]
pub struct Arrivals {
    /// Tick of arrival, at sequence modulo the length.
    ring: Box<[Option<u32>; STATUSES_MAX]>,
    widener: Widener,
    /// The first sequence not yet reported.
    next: u64,
    /// When the first unreported packet arrived.
    waiting_since: Option<Instant>,
    feedback_count: u8,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            ring: Box::new([None; STATUSES_MAX]),
            widener: Widener::default(),
            next: 0,
            waiting_since: None,
            feedback_count: 0,
        }
    }
}

impl Arrivals {
    /// Notes an authenticated packet. Duplicates and what is older than the ring change nothing.
    pub fn record(&mut self, sequence: u16, arrival: Instant) {
        let before = self.widener.highest();
        let sequence = self.widener.widen(sequence);
        match before {
            None => self.next = sequence,
            Some(highest) if sequence > highest => self.forget(highest + 1, sequence),
            Some(highest) if highest - sequence >= RING_LEN => return,
            Some(_) => {}
        }
        let place = &mut self.ring[place_of(sequence)];
        if place.is_some() {
            return;
        }
        *place = Some(ticks(arrival));
        let oldest_held = before.map_or(0, |before| {
            (before.max(sequence) + 1).saturating_sub(RING_LEN)
        });
        self.next = self.next.min(sequence).max(oldest_held);
        self.waiting_since.get_or_insert(arrival);
    }

    /// When the next feedback is due; `None` while there is nothing to report.
    pub fn deadline(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        let unreported = self.widener.highest()? + 1 - self.next;
        Some(if unreported >= UNREPORTED_MAX {
            since
        } else {
            since + INTERVAL
        })
    }

    /// Appends one feedback packet. `false`: there is nothing to report, or no room in this datagram
    /// ([`PACKET_BYTES_MAX`](crate::rtcp::transport_feedback::PACKET_BYTES_MAX) is always enough).
    ///
    /// Most times one packet says all. If [`deadline`](Self::deadline) has still passed, another is
    /// needed, in a datagram of its own: libwebrtc takes one from each. `media` must be an SSRC that
    /// the publisher sends, or Chromium ignores it.
    pub fn write_feedback(&mut self, sender: Ssrc, media: Ssrc, writer: &mut Writer<'_>) -> bool {
        let Some(highest) = self.widener.highest() else {
            return false;
        };
        let statuses = (self.next..=highest).map(|sequence| self.ring[place_of(sequence)]);
        #[expect(clippy::cast_possible_truncation, reason = "narrowed for the network")]
        let head = FeedbackHead {
            sender,
            media,
            base_sequence: self.next as u16,
            feedback_count: self.feedback_count,
        };
        let taken = match writer.transport_feedback(&head, statuses) {
            Ok(taken) if taken > 0 => taken as u64,
            _ => return false,
        };
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.next += taken;
        if self.next > highest {
            self.waiting_since = None;
        }
        true
    }

    /// Empties the places of `from..to`, which the ring held for older packets. `to` too: a packet
    /// that arrives now is no duplicate of one a ring's length ago.
    fn forget(&mut self, from: u64, to: u64) {
        let from = from.max(to.saturating_sub(RING_LEN - 1));
        for sequence in from..=to {
            self.ring[place_of(sequence)] = None;
        }
    }
}

const fn place_of(sequence: u64) -> usize {
    (sequence % RING_LEN) as usize
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "feedback counts modulo 2^32"
)]
const fn ticks(arrival: Instant) -> u32 {
    (arrival.as_nanos() / TICK_NANOS) as u32
}

#[cfg(test)]
mod tests;
