//! Transport-wide congestion feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1, an
//! RTPFB packet of RFC 4585): when each packet of a transport arrived, whatever its SSRC.
//!
//! ```text
//! |              SSRC of the sender               |
//! |        SSRC of one source of the media        |
//! |     base sequence     |     status count      |
//! |   reference time, 24 bits, 64 ms  | fb count  |
//! |  status chunks, 2 bytes each …    |
//! |  receive deltas, 1 or 2 bytes each, 250 µs …  |  zeros to a whole word
//! ```
//!
//! Times count in ticks of 250 µs. The reference time is 24 bits of 256 ticks, so a tick count of 32
//! bits wraps exactly when it does.

mod build;
mod chunk;
mod view;

pub use build::{FeedbackHead, PACKET_BYTES_MAX, STATUSES_MAX};
pub use view::{Received, TransportFeedback};

/// The unit of receive deltas.
pub const TICK_NANOS: u64 = 250_000;

/// Ticks in one unit of the reference time.
const REFERENCE_SHIFT: u32 = 8;

/// Bytes between header and chunks.
const HEAD_BYTES: usize = 16;

#[cfg(test)]
mod tests;
