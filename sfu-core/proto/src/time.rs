//! Time as data. The core reads its clock once a pass, outside this crate, and hands the reading in.

use core::ops::{Add, Sub};
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point on the core's own monotonic clock, in nanoseconds since the process started.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Instant(u64);

impl Instant {
    /// The end of time: a deadline that never comes.
    pub const FAR_FUTURE: Self = Self(u64::MAX);

    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, zero if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// An NTP timestamp: seconds since 1900 in the upper 32 bits, fraction in the lower (RFC 3550 §4).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// Seconds between the NTP era (1900) and the Unix era (1970).
    const UNIX_EPOCH_SECONDS: u64 = 2_208_988_800;

    pub const fn from_unix(since_unix_epoch: Duration) -> Self {
        let seconds = since_unix_epoch
            .as_secs()
            .wrapping_add(Self::UNIX_EPOCH_SECONDS);
        let fraction = ((since_unix_epoch.subsec_nanos() as u64) << 32) / 1_000_000_000;
        Self(seconds << 32 | fraction)
    }

    /// The middle 32 bits, as receiver reports carry them (RFC 3550 §6.4.1, LSR).
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the middle 32 bits are what is asked for"
    )]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// Where the core's monotonic clock stands on the wall: its zero as NTP time, fixed at start so
/// that a step of the wall clock never tears the sender reports (DESIGN D1).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WallClock {
    pub ntp_at_zero: NtpTime,
}

impl WallClock {
    pub fn ntp(self, at: Instant) -> NtpTime {
        let nanos = u128::from(at.as_nanos());
        let fixed = (nanos << 32) / 1_000_000_000;
        // The NTP era wraps in 2036; the arithmetic is modulo 2^64 (RFC 5905 §6).
        #[expect(
            clippy::cast_possible_truncation,
            reason = "modulo 2^64 is the rule of the era"
        )]
        NtpTime(self.ntp_at_zero.0.wrapping_add(fixed as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntp_of_the_unix_epoch_is_1970() {
        assert_eq!(NtpTime::from_unix(Duration::ZERO).0 >> 32, 2_208_988_800);
    }

    #[test]
    fn the_wall_clock_moves_with_the_core_clock() {
        let wall = WallClock {
            ntp_at_zero: NtpTime::from_unix(Duration::from_secs(10)),
        };
        let later = wall.ntp(Instant::from_nanos(1_500_000_000));
        assert_eq!(later.0 - wall.ntp_at_zero.0, (1 << 32) + (1 << 31));
    }

    #[test]
    fn time_before_is_no_time() {
        let early = Instant::from_nanos(5);
        assert_eq!(early.since(Instant::from_nanos(9)), Duration::ZERO);
        assert_eq!(
            Instant::FAR_FUTURE + Duration::from_secs(1),
            Instant::FAR_FUTURE
        );
    }
}
