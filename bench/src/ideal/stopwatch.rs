//! What a stretch of work costs: the thread's CPU time, and time on the wall.
//!
//! On `lo` and veth the receive half of the network stack runs in a software interrupt within the
//! sender's system call, on the sender's CPU. This kernel charges it to the thread
//! (`CONFIG_IRQ_TIME_ACCOUNTING` is not set), so thread time is the whole cost, and as long as
//! the thread does not sleep and has its CPU to itself, wall time says the same.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::time::{ClockId, clock_gettime};

/// Sums up stretches of work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) thread: Duration,
    pub(crate) wall: Duration,
}

impl Cost {
    /// Does the work, and adds what it took of the calling thread.
    pub(crate) fn add<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, thread) = (Instant::now(), thread_time());
        let result = work();
        self.thread += thread_time().saturating_sub(thread);
        self.wall += wall.elapsed();
        result
    }
}

/// CPU time of the calling thread since it began.
pub(crate) fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}

/// How long a CPU has been idle since boot. In hundredths of a second: for long stretches alone.
pub(crate) fn idle_time(cpu: usize) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    idle_in(&stat, cpu).with_context(|| format!("/proc/stat has no CPU {cpu}"))
}

/// `cpuN user nice system idle iowait …`, see proc_stat(5). A ring that waits counts as iowait.
fn idle_in(stat: &str, cpu: usize) -> Option<Duration> {
    let name = format!("cpu{cpu}");
    let line = stat
        .lines()
        .find(|line| line.split(' ').next() == Some(&name))?;
    let ticks = |at: usize| line.split(' ').nth(at)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(4)? + ticks(5)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_idle_and_iowait_of_the_one_cpu() {
        let stat = "cpu  9 9 9 900 90 9 9 0 0 0\ncpu1 1 2 3 40 5 6 7 0 0 0\nintr 5\n";
        assert_eq!(idle_in(stat, 1), Some(Duration::from_millis(450)));
        assert_eq!(idle_in(stat, 0), None);
    }

    #[test]
    fn work_costs_time_and_sleep_costs_none_of_the_thread() {
        let mut cost = Cost::default();
        let sum = cost.add(|| (0..200_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n)));
        assert!(sum < 1 << 20 && cost.thread > Duration::ZERO && cost.wall > Duration::ZERO);
    }
}
