//! What processes and a CPU have used between two moments, as `/proc` has it (`proc(5)`).
//!
//! Totals are exact to the nanosecond or nearly so: a process's from the scheduler's own count, the
//! CPU's from how long it was *not* idle. Splits (user and system, softirq) are counted by the
//! kernel in ticks, so they want runs of some seconds.

use std::fs;
use std::io::ErrorKind;
use std::ops::Sub;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

/// `/proc` counts in hundredths of a second, whatever the kernel's own tick (`time(7)`, USER_HZ).
const NS_PER_TICK: u64 = 10_000_000;

/// Counters at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    at: Instant,
    processes: CpuTime,
    cpu: CpuTicks,
}

/// CPU time of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    pub total_ns: u64,
    pub user_ns: u64,
    pub system_ns: u64,
}

/// One CPU's time, by what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTicks {
    pub user_ns: u64,
    pub system_ns: u64,
    pub idle_ns: u64,
    pub irq_ns: u64,
    pub softirq_ns: u64,
    /// Taken by the hypervisor: a run that has much of it is worth little.
    pub steal_ns: u64,
}

/// What lies between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub elapsed: Duration,
    pub processes: CpuTime,
    pub cpu: CpuTicks,
}

impl Usage {
    /// Of `processes` together, and of one CPU.
    pub fn now(processes: &[u32], cpu: usize) -> anyhow::Result<Self> {
        let mut sum = CpuTime::default();
        for pid in processes {
            let one = CpuTime::of(*pid).with_context(|| format!("CPU time of process {pid}"))?;
            sum.total_ns += one.total_ns;
            sum.user_ns += one.user_ns;
            sum.system_ns += one.system_ns;
        }
        Ok(Self {
            at: Instant::now(),
            processes: sum,
            cpu: CpuTicks::of(cpu)?,
        })
    }

    pub fn since(&self, earlier: &Self) -> Spent {
        Spent {
            elapsed: self.at.saturating_duration_since(earlier.at),
            processes: self.processes - earlier.processes,
            cpu: self.cpu - earlier.cpu,
        }
    }
}

impl Spent {
    /// How long the CPU was neither idle nor taken away: interrupts are in.
    pub fn busy_ns(&self) -> u64 {
        let elapsed = u64::try_from(self.elapsed.as_nanos()).unwrap_or(u64::MAX);
        elapsed.saturating_sub(self.cpu.idle_ns + self.cpu.steal_ns)
    }
}

impl CpuTime {
    /// The sum over the threads that live; servers keep theirs.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let ticks = |index| after_name(&stat, index);
        let (user, system) = (ticks(14)?, ticks(15)?);
        let mut total_ns = 0;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            match fs::read_to_string(thread?.path().join("schedstat")) {
                Ok(text) => total_ns += first_number(&text)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self {
            total_ns,
            user_ns: user * NS_PER_TICK,
            system_ns: system * NS_PER_TICK,
        })
    }
}

impl Sub for CpuTime {
    type Output = Self;

    /// The split is scaled to the exact total.
    fn sub(self, earlier: Self) -> Self {
        let total_ns = self.total_ns.saturating_sub(earlier.total_ns);
        let user = self.user_ns.saturating_sub(earlier.user_ns);
        let system = self.system_ns.saturating_sub(earlier.system_ns);
        let share = u128::from(total_ns) * u128::from(user);
        let user_ns = share
            .checked_div(u128::from(user + system))
            .and_then(|ns| u64::try_from(ns).ok())
            .unwrap_or_default();
        Self {
            total_ns,
            user_ns,
            system_ns: total_ns - user_ns,
        }
    }
}

impl CpuTicks {
    /// `cpuN user nice system idle iowait irq softirq steal guest guest_nice`
    pub fn of(cpu: usize) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let name = format!("cpu{cpu} ");
        let line = stat
            .lines()
            .find_map(|line| line.strip_prefix(&name))
            .ok_or_else(|| anyhow!("this machine has no CPU {cpu}"))?;
        Self::parse(line)
    }

    fn parse(line: &str) -> anyhow::Result<Self> {
        let ticks: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
        let ns: Vec<u64> = ticks?
            .into_iter()
            .map(|ticks| ticks * NS_PER_TICK)
            .collect();
        let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = ns[..] else {
            return Err(anyhow!("/proc/stat has another form than expected: {line}"));
        };
        Ok(Self {
            user_ns: user + nice,
            system_ns: system,
            idle_ns: idle + iowait,
            irq_ns: irq,
            softirq_ns: softirq,
            steal_ns: steal,
        })
    }
}

impl Sub for CpuTicks {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_sub(earlier.user_ns),
            system_ns: self.system_ns.saturating_sub(earlier.system_ns),
            idle_ns: self.idle_ns.saturating_sub(earlier.idle_ns),
            irq_ns: self.irq_ns.saturating_sub(earlier.irq_ns),
            softirq_ns: self.softirq_ns.saturating_sub(earlier.softirq_ns),
            steal_ns: self.steal_ns.saturating_sub(earlier.steal_ns),
        }
    }
}

/// Memory that processes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub resident_bytes: u64,
    /// Pages shared with others counted by their share.
    pub proportional_bytes: u64,
}

impl Memory {
    pub fn of(processes: &[u32]) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for pid in processes {
            let path = format!("/proc/{pid}/smaps_rollup");
            let text = fs::read_to_string(&path).with_context(|| path.clone())?;
            sum.resident_bytes += kibibytes(&text, "Rss:")?;
            sum.proportional_bytes += kibibytes(&text, "Pss:")?;
        }
        Ok(sum)
    }
}

/// `Rss:   1234 kB`
fn kibibytes(text: &str, name: &str) -> anyhow::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.ok_or_else(|| anyhow!("the kernel does not tell {name}"))?;
    Ok(first_number(line)? << 10)
}

/// A field of `/proc/PID/stat`, counted from 1. The name in brackets may hold spaces and brackets.
fn after_name(stat: &str, field: usize) -> anyhow::Result<u64> {
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    // The name is field 2.
    let word = rest.split_whitespace().nth(field - 3);
    word.and_then(|word| word.parse().ok())
        .ok_or_else(|| anyhow!("/proc/PID/stat has another form than expected: {stat}"))
}

fn first_number(text: &str) -> anyhow::Result<u64> {
    text.split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| anyhow!("a number belongs here: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_ours_is_counted() {
        let own = [std::process::id()];
        let before = Usage::now(&own, 0).unwrap();
        let started = Instant::now();
        let mut sum = 0u64;
        while started.elapsed() < Duration::from_millis(60) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let spent = Usage::now(&own, 0).unwrap().since(&before);
        // Other tests may run on the same CPU meanwhile.
        assert!(spent.processes.total_ns > 5_000_000, "{spent:?}");
        assert!(spent.elapsed >= Duration::from_millis(60));
        let CpuTime {
            total_ns,
            user_ns,
            system_ns,
        } = spent.processes;
        assert_eq!(total_ns, user_ns + system_ns);
        assert!(Memory::of(&own).unwrap().resident_bytes > 100_000);
    }

    #[test]
    fn a_name_with_brackets_is_passed_over() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13";
        assert_eq!(after_name(stat, 14).unwrap(), 11);
        assert!(after_name("7 (a) S 1", 14).is_err());
    }

    #[test]
    fn busy_is_what_is_not_idle() {
        let before = CpuTicks::parse("10 0 10 100 0 1 2 3 0 0").unwrap();
        let after = CpuTicks::parse("20 0 30 140 10 2 4 8 0 0").unwrap();
        let spent = Spent {
            elapsed: Duration::from_secs(1),
            cpu: after - before,
            ..Spent::default()
        };
        assert_eq!(spent.busy_ns(), 1_000_000_000 - (50 + 5) * NS_PER_TICK);
        assert_eq!(spent.cpu.softirq_ns, 2 * NS_PER_TICK);
    }

    #[test]
    fn the_split_is_scaled_to_the_exact_total() {
        let time = |total_ns, user_ns, system_ns| CpuTime {
            total_ns,
            user_ns,
            system_ns,
        };
        assert_eq!(time(1_000, 30, 10) - time(0, 0, 0), time(1_000, 750, 250));
        assert_eq!(time(9, 0, 0) - time(0, 0, 0), time(9, 0, 9));
    }
}
