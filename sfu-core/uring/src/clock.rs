//! The one clock reading of a pass, and how a kernel timestamp becomes a time on the core's clock.
//! The reading is made outside: nothing here asks what time it is.

use core::time::Duration;

use sfu_proto::time::Instant;

/// Both clocks, read at one moment: the core's own, and the wall clock that the kernel stamps
/// received packets with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    pub now: Instant,
    /// `CLOCK_REALTIME`, in nanoseconds since 1970.
    pub realtime_nanos: u64,
}

impl ClockReading {
    /// A packet that seems to have waited longer than this did not: somebody set the wall clock.
    const WAIT_MAX: Duration = Duration::from_secs(1);

    /// When a packet with this kernel stamp came in: never in the future, and never so long ago
    /// that only a step of the wall clock explains it. Without a stamp it came now.
    pub fn arrival(&self, stamp_nanos: Option<u64>) -> Instant {
        let Some(stamp_nanos) = stamp_nanos else {
            return self.now;
        };
        let waited = Duration::from_nanos(self.realtime_nanos.saturating_sub(stamp_nanos));
        self.now - waited.min(Self::WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: ClockReading = ClockReading {
        now: Instant::from_nanos(5_000_000_000),
        realtime_nanos: 1_700_000_000_000_000_000,
    };

    #[test]
    fn a_stamp_keeps_its_distance_from_now() {
        let arrival = READING.arrival(Some(READING.realtime_nanos - 250));
        assert_eq!(arrival, Instant::from_nanos(4_999_999_750));
    }

    #[test]
    fn a_stamp_from_the_future_is_now() {
        let arrival = READING.arrival(Some(READING.realtime_nanos + 1));
        assert_eq!(arrival, READING.now);
    }

    #[test]
    fn no_stamp_is_now() {
        assert_eq!(READING.arrival(None), READING.now);
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_an_arrival_by_no_more_than_a_second() {
        let arrival = READING.arrival(Some(0));
        assert_eq!(arrival, Instant::from_nanos(4_000_000_000));
    }
}
