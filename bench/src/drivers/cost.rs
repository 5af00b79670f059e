//! What work has cost: the CPU time of a thread, and the busy time of its CPU, which also holds
//! what interrupts did for it.

use std::time::Duration;

use anyhow::Context as _;
use nix::time::{ClockId, clock_gettime};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) thread: Duration,
    /// In ticks of 10 ms: only sums over many rounds are of use.
    pub(super) busy: Duration,
}

/// A moment to measure from, on the calling thread.
#[derive(Debug)]
pub(super) struct Stopwatch {
    thread: Duration,
    busy: Duration,
    cpu: usize,
}

impl Stopwatch {
    pub(super) fn start(cpu: usize) -> anyhow::Result<Self> {
        Ok(Self {
            thread: thread_time()?,
            busy: busy_time(cpu)?,
            cpu,
        })
    }

    pub(super) fn read(&self) -> anyhow::Result<Cost> {
        Ok(Cost {
            thread: thread_time()? - self.thread,
            busy: busy_time(self.cpu)?.saturating_sub(self.busy),
        })
    }
}

fn thread_time() -> anyhow::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// All of `/proc/stat` but idle, waiting for disks, and what the host took away.
fn busy_time(cpu: usize) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/stat")?;
    busy_ticks(&text, cpu)
        .map(|ticks| Duration::from_millis(10 * ticks))
        .with_context(|| format!("/proc/stat knows no cpu{cpu}"))
}

fn busy_ticks(text: &str, cpu: usize) -> Option<u64> {
    let prefix = format!("cpu{cpu} ");
    let line = text.lines().find_map(|it| it.strip_prefix(&prefix))?;
    let ticks = line.split_ascii_whitespace().map(|it| it.parse::<u64>());
    // user nice system idle iowait irq softirq steal
    let ticks: Vec<u64> = ticks.take(7).collect::<Result<_, _>>().ok()?;
    Some(ticks.iter().sum::<u64>() - ticks.get(3)? - ticks.get(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_not_busy() {
        let text =
            "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 4 100 200 8 16 300 0 0\ncpu1 0 0 0 0 0 0 0\n";
        assert_eq!(busy_ticks(text, 0), Some(31));
        assert_eq!(busy_ticks(text, 1), Some(0));
        assert_eq!(busy_ticks(text, 2), None);
    }
}
