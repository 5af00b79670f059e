//! How one source arrives, counted for report blocks as RFC 3550 says in A.3 (loss) and A.8 (jitter).

use core::time::Duration;

use super::ReportBlock;
use crate::ids::Ssrc;
use crate::time::{Instant, NtpTime};

const CYCLE_BITS: u32 = 16;

/// Statistics of one source, from its first packet on.
#[derive(Clone, Debug)]
pub struct Reception {
    clock_rate: u32,
    /// Widened sequences; `None` before the first packet.
    range: Option<Range>,
    received: u64,
    /// `expected` and `received` at the last report.
    expected_prior: u64,
    received_prior: u64,
    /// Difference of arrival and timestamp of the last packet, in units of the RTP clock.
    transit: Option<u32>,
    /// Sixteen times the jitter, so that it needs no fraction (RFC 3550 A.8).
    jitter_times_16: u64,
    last_sender_report: Option<(u32, Instant)>,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    first: u64,
    highest: u64,
}

impl Range {
    const fn expected(self) -> u64 {
        self.highest - self.first + 1
    }
}

impl Reception {
    /// `clock_rate` in hertz, from the source's codec.
    pub const fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            range: None,
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            transit: None,
            jitter_times_16: 0,
            last_sender_report: None,
        }
    }

    /// Counts a packet of the source itself, not of its repair stream. `sequence` is widened.
    pub fn packet(&mut self, sequence: u64, timestamp: u32, arrival: Instant) {
        let range = self.range.get_or_insert(Range {
            first: sequence,
            highest: sequence,
        });
        range.first = range.first.min(sequence);
        range.highest = range.highest.max(sequence);
        self.received += 1;

        let transit = self.rtp_units(arrival).wrapping_sub(timestamp);
        if let Some(previous) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(previous).cast_signed().unsigned_abs();
            // RFC 3550 A.8: J += |D| − (J + 8) / 16, in sixteenths.
            self.jitter_times_16 += u64::from(difference);
            self.jitter_times_16 -= (self.jitter_times_16 - u64::from(difference) + 8) >> 4;
        }
    }

    /// Notes the source's sender report, for the round trip that it will work out.
    pub const fn sender_report(&mut self, ntp: NtpTime, arrival: Instant) {
        self.last_sender_report = Some((ntp.middle(), arrival));
    }

    /// The block for the next report, which also begins a new interval; `None` before the first
    /// packet.
    pub fn report(&mut self, ssrc: Ssrc, now: Instant) -> Option<ReportBlock> {
        let range = self.range?;
        let expected = range.expected();
        let expected_interval = expected - self.expected_prior;
        let received_interval = self.received - self.received_prior;
        (self.expected_prior, self.received_prior) = (expected, self.received);
        let (last_sender_report, delay) =
            self.last_sender_report.map_or((0, 0), |(middle, arrival)| {
                (middle, delay_units(now.since(arrival)))
            });
        Some(ReportBlock {
            ssrc,
            fraction_lost: fraction_lost(expected_interval, received_interval),
            cumulative_lost: difference(expected, self.received),
            highest_sequence: without_first_cycles(range),
            jitter: u32::try_from(self.jitter_times_16 >> 4).unwrap_or(u32::MAX),
            last_sender_report,
            delay_since_last_sender_report: delay,
        })
    }

    /// Arrival in units of the RTP clock, modulo 2^32. Seconds and rest apart: it is done for every
    /// packet, and a product of 64 bits is enough so.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "modulo 2^32, as timestamps are"
    )]
    fn rtp_units(&self, arrival: Instant) -> u32 {
        const NANOS: u64 = 1_000_000_000;
        let rate = u64::from(self.clock_rate);
        let (seconds, nanos) = (arrival.as_nanos() / NANOS, arrival.as_nanos() % NANOS);
        seconds
            .wrapping_mul(rate)
            .wrapping_add(nanos * rate / NANOS) as u32
    }
}

/// RFC 3550 A.3: of 256; duplicates make it zero, not negative.
fn fraction_lost(expected: u64, received: u64) -> u8 {
    match expected.saturating_sub(received) {
        0 => 0,
        lost => u8::try_from((lost << 8) / expected).unwrap_or(u8::MAX),
    }
}

fn difference(expected: u64, received: u64) -> i32 {
    let lost = i128::from(expected) - i128::from(received);
    i32::try_from(lost).unwrap_or(if lost < 0 { i32::MIN } else { i32::MAX })
}

/// The extended highest sequence counts cycles since the first packet (RFC 3550 §6.4.1), while
/// widened ones begin in the middle.
#[expect(clippy::cast_possible_truncation, reason = "cycles count modulo 2^16")]
const fn without_first_cycles(range: Range) -> u32 {
    (range.highest - (range.first >> CYCLE_BITS << CYCLE_BITS)) as u32
}

/// In 1/65,536 of a second.
fn delay_units(delay: Duration) -> u32 {
    u32::try_from((delay.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
