//! What processes and their CPUs have used between two moments, as `/proc` has it (`proc(5)`).
//!
//! A process's total is exact, by the scheduler's own count. The CPUs' is how long they were *not*
//! idle, to a tick. Splits (user and system) are samples: the kernel looks
//! at each tick who runs. Few of them say nothing, and are not told.

use std::fs;
use std::io::ErrorKind;
use std::ops::{Add, Sub};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use nix::libc::ESRCH;

/// `/proc` counts in hundredths of a second, whatever the kernel's own tick (`time(7)`, USER_HZ).
pub const NS_PER_TICK: u64 = 10_000_000;
/// With so many samples a share is off by 0.035 at most two times in three.
const SPLIT_TICKS_MIN: u64 = 200;

/// Counters at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    at: Instant,
    processes: CpuTime,
    cpus: u32,
    /// Of all of them.
    cpu: CpuTicks,
}

/// CPU time of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    pub total_ns: u64,
    user_ticks: u64,
    system_ticks: u64,
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
    pub cpus: u32,
    pub cpu: CpuTicks,
}

impl Usage {
    /// Of `processes` together, and of `cpus` together.
    pub fn now(processes: &[u32], cpus: &[usize]) -> anyhow::Result<Self> {
        let mut sum = CpuTime::default();
        for pid in processes {
            let one = CpuTime::of(*pid).with_context(|| format!("CPU time of process {pid}"))?;
            sum = sum + one;
        }
        let mut cpu = CpuTicks::default();
        for one in cpus {
            cpu = cpu + CpuTicks::of(*one)?;
        }
        Ok(Self {
            at: Instant::now(),
            processes: sum,
            cpus: u32::try_from(cpus.len())?,
            cpu,
        })
    }

    pub fn since(&self, earlier: &Self) -> Spent {
        Spent {
            elapsed: self.at.saturating_duration_since(earlier.at),
            processes: self.processes - earlier.processes,
            cpus: self.cpus,
            cpu: self.cpu - earlier.cpu,
        }
    }
}

impl Spent {
    /// How long the CPUs together were neither idle nor taken away: interrupts are in.
    pub fn busy_ns(&self) -> u64 {
        self.available_ns()
            .saturating_sub(self.cpu.idle_ns + self.cpu.steal_ns)
    }

    /// The busy part of the CPUs, from 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a run is far below 2^52 nanoseconds"
    )]
    pub fn busy_share(&self) -> f64 {
        self.busy_ns() as f64 / self.available_ns().max(1) as f64
    }

    fn available_ns(&self) -> u64 {
        let all = self.elapsed.as_nanos() * u128::from(self.cpus);
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}

impl CpuTime {
    /// The sum over the threads that live; servers keep theirs.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let ticks = |index| after_name(&stat, index);
        Ok(Self {
            total_ns: thread_ns(pid, |_| true)?,
            user_ticks: ticks(14)?,
            system_ticks: ticks(15)?,
        })
    }

    /// User and system nanoseconds: the samples scaled to the exact total. `None` where there are
    /// too few.
    pub fn split(&self) -> Option<(u64, u64)> {
        let ticks = self.user_ticks + self.system_ticks;
        if ticks < SPLIT_TICKS_MIN {
            return None;
        }
        let user_ns = u128::from(self.total_ns) * u128::from(self.user_ticks) / u128::from(ticks);
        let user_ns = u64::try_from(user_ns).ok()?;
        Some((user_ns, self.total_ns - user_ns))
    }
}

/// CPU time of the process's threads with such names.
pub fn thread_ns(pid: u32, is_meant: impl Fn(&str) -> bool) -> anyhow::Result<u64> {
    let mut total_ns = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let folder = thread?.path();
        let read = |file: &str| fs::read_to_string(folder.join(file));
        match read("comm").and_then(|name| Ok((name, read("schedstat")?))) {
            Ok((name, times)) if is_meant(name.trim_end()) => total_ns += first_number(&times)?,
            Ok(_) => {}
            // It has ended this moment: gone from the folder, or on its way.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.raw_os_error() == Some(ESRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(total_ns)
}

impl Add for CpuTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            total_ns: self.total_ns + other.total_ns,
            user_ticks: self.user_ticks + other.user_ticks,
            system_ticks: self.system_ticks + other.system_ticks,
        }
    }
}

impl Sub for CpuTime {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            total_ns: self.total_ns.saturating_sub(earlier.total_ns),
            user_ticks: self.user_ticks.saturating_sub(earlier.user_ticks),
            system_ticks: self.system_ticks.saturating_sub(earlier.system_ticks),
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

impl Add for CpuTicks {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            user_ns: self.user_ns + other.user_ns,
            system_ns: self.system_ns + other.system_ns,
            idle_ns: self.idle_ns + other.idle_ns,
            irq_ns: self.irq_ns + other.irq_ns,
            softirq_ns: self.softirq_ns + other.softirq_ns,
            steal_ns: self.steal_ns + other.steal_ns,
        }
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
        let before = Usage::now(&own, &[0]).unwrap();
        let started = Instant::now();
        let mut sum = 0u64;
        while started.elapsed() < Duration::from_millis(60) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let spent = Usage::now(&own, &[0]).unwrap().since(&before);
        // Other tests may run on the same CPU meanwhile.
        assert!(spent.processes.total_ns > 5_000_000, "{spent:?}");
        assert!(spent.elapsed >= Duration::from_millis(60));
        assert!(thread_ns(own[0], |name| name == "nobody's").unwrap() == 0);
        assert!(thread_ns(own[0], |_| true).unwrap() > 0);
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
            cpus: 1,
            cpu: after - before,
            ..Spent::default()
        };
        assert_eq!(spent.busy_ns(), 1_000_000_000 - (50 + 5) * NS_PER_TICK);
        assert!((spent.busy_share() - 0.45).abs() < 1e-9);
        assert_eq!(spent.cpu.softirq_ns, 2 * NS_PER_TICK);
        // One more, idle all the time.
        let two = Spent {
            cpus: 2,
            cpu: spent.cpu
                + CpuTicks {
                    idle_ns: 1_000_000_000,
                    ..CpuTicks::default()
                },
            ..spent
        };
        assert_eq!(two.busy_ns(), spent.busy_ns());
    }

    #[test]
    fn the_split_is_scaled_to_the_exact_total_and_needs_samples() {
        let time = |total_ns, user_ticks, system_ticks| CpuTime {
            total_ns,
            user_ticks,
            system_ticks,
        };
        let spent = time(1_100, 310, 105) - time(100, 10, 5);
        assert_eq!(spent.split(), Some((750, 250)));
        assert_eq!(time(1_000, 150, 49).split(), None);
    }
}
