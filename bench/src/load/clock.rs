//! The monotonic clock as one number, the same for sender and receiver: both are on this machine, so
//! one-way latency is a subtraction.

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

pub const SECOND: u64 = 1_000_000_000;
pub const MILLISECOND: u64 = 1_000_000;

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub fn now() -> u64 {
    read(ClockId::CLOCK_MONOTONIC)
}

/// CPU time that this thread has used, in user and kernel.
pub fn thread_busy() -> u64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// Nanoseconds of `CLOCK_REALTIME`, in which the kernel stamps what arrives.
pub fn wall() -> u64 {
    read(ClockId::CLOCK_REALTIME)
}

pub fn nanos(time: TimeSpec) -> u64 {
    u64::try_from(time.tv_sec()).unwrap_or(0) * SECOND + u64::try_from(time.tv_nsec()).unwrap_or(0)
}

fn read(clock: ClockId) -> u64 {
    // These clocks exist on every Linux, and none of them counts from before 1970.
    clock_gettime(clock).map_or(0, nanos)
}

pub fn sleep_until(due: u64) {
    let at = TimeSpec::new(
        i64::try_from(due / SECOND).unwrap_or(i64::MAX),
        i64::try_from(due % SECOND).unwrap_or(0),
    );
    // A signal that cuts it short makes the caller look at its timetable once more.
    let _ = clock_nanosleep(
        ClockId::CLOCK_MONOTONIC,
        ClockNanosleepFlags::TIMER_ABSTIME,
        &at,
    );
}
