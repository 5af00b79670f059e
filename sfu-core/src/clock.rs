//! The only place where the clocks are read, by the worker: once a pass for what the pass takes for
//! now, and once behind its send for the record.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sfu_proto::time::{Instant, NtpTime, WallClock};
use sfu_uring::ClockReading;

/// The core's clock: monotonic, zero at the start of the process, the same for every worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    zero: std::time::Instant,
    unix_at_zero: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            zero: std::time::Instant::now(),
            unix_at_zero: unix_now(),
        }
    }

    /// Both clocks at once: the kernel stamps arrivals by the wall clock.
    pub(crate) fn read(&self) -> ClockReading {
        let realtime_nanos = u64::try_from(unix_now().as_nanos()).unwrap_or(u64::MAX);
        ClockReading {
            now: self.now(),
            realtime_nanos,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Where it stands on the wall, fixed at start.
    pub(crate) fn wall(&self) -> WallClock {
        WallClock {
            ntp_at_zero: NtpTime::from_unix(self.unix_at_zero),
        }
    }
}

fn unix_now() -> Duration {
    // Before 1970 the wall clock is broken; arrivals then count as now.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
