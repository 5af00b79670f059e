//! A measurement of something that sends: burst after burst from one CPU, each read to its end on
//! another before the next begins.
//!
//! So nothing is ever lost for want of room, what is counted has arrived, and the sender's cost is
//! taken while it sends, not while it waits.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sfu_uring::pin_current_thread;

use super::sink::Sink;
use super::stopwatch::Cost;

/// The CPUs of a measurement: what is measured, and the rest. Without them (tests) nothing is
/// pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cpus {
    pub(crate) measured: usize,
    pub(crate) other: usize,
}

impl Cpus {
    pub(crate) fn pin_measured(cpus: Option<Self>) -> anyhow::Result<()> {
        cpus.map_or(Ok(()), |cpus| pin(cpus.measured))
    }

    pub(crate) fn pin_other(cpus: Option<Self>) -> anyhow::Result<()> {
        cpus.map_or(Ok(()), |cpus| pin(cpus.other))
    }
}

fn pin(cpu: usize) -> anyhow::Result<()> {
    pin_current_thread(cpu).with_context(|| format!("cannot run on CPU {cpu}"))
}

/// How long to measure: bursts are begun until `time` is over, and at least `bursts`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    pub(crate) time: Duration,
    pub(crate) bursts: usize,
}

impl Length {
    /// For tests: all paths, no time.
    #[cfg(test)]
    pub(crate) const QUICK: Self = Self {
        time: Duration::ZERO,
        bursts: 3,
    };

    pub(crate) const fn of_millis(millis: u64) -> Self {
        Self {
            time: Duration::from_millis(millis),
            bursts: 2,
        }
    }

    /// Whether another burst is due.
    pub(crate) fn goes_on(&self, begun: Instant, bursts: usize) -> bool {
        bursts < self.bursts || begun.elapsed() < self.time
    }
}

/// What a number of bursts came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bursts {
    pub(crate) sent: usize,
    pub(crate) received: usize,
    pub(crate) cost: Cost,
}

impl Bursts {
    /// Nanoseconds of CPU for each packet that arrived.
    pub(crate) fn thread_ns(&self) -> f64 {
        per_packet(self.cost.thread, self.received)
    }

    /// The same of wall time: interrupts and all else that held the CPU.
    pub(crate) fn wall_ns(&self) -> f64 {
        per_packet(self.cost.wall, self.received)
    }
}

pub(crate) fn per_packet(time: Duration, packets: usize) -> f64 {
    if packets == 0 {
        return f64::NAN;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let packets = packets as f64;
    time.as_secs_f64() * 1e9 / packets
}

/// Runs `burst`, which sends `count` datagrams to the sink, over and over. The first burst warms up
/// and is not counted.
pub(crate) fn run(
    cpus: Option<Cpus>,
    length: Length,
    count: usize,
    sink: &mut Sink,
    mut burst: impl FnMut() -> anyhow::Result<()> + Send,
    mut each: impl FnMut(&mut [u8]) + Send,
) -> anyhow::Result<Bursts> {
    let (go, wait_for_go) = mpsc::sync_channel::<()>(1);
    std::thread::scope(|scope| {
        let sender = scope.spawn(move || -> anyhow::Result<Cost> {
            Cpus::pin_measured(cpus)?;
            burst()?;
            let mut cost = Cost::default();
            while wait_for_go.recv().is_ok() {
                cost.add(&mut burst)?;
            }
            Ok(cost)
        });
        let reader = scope.spawn(move || -> anyhow::Result<Bursts> {
            Cpus::pin_other(cpus)?;
            let mut total = Bursts::default();
            sink.read(count, &mut each)?;
            let begun = Instant::now();
            let mut bursts = 0;
            while length.goes_on(begun, bursts) && go.send(()).is_ok() {
                total.sent += count;
                total.received += sink.read(count, &mut each)?;
                bursts += 1;
            }
            Ok(total)
        });
        let mut total = joined(reader)?;
        total.cost = joined(sender)?;
        Ok(total)
    })
}

/// The thread's own result; a panic in it goes on in the caller.
pub(crate) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
