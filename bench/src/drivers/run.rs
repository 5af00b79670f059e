//! The rounds, and the table of what they found.

use std::fmt::Write as _;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde::Serialize;
use sfu_uring::{Driver, DriverChoice};

use super::cost::{Cost, Stopwatch};
use super::link::{End, FAR, Link, NEAR};
use super::sink::{SINK_CPU, Sink, SinkKind};
use super::work::{Bench, Work};

const DRIVER_CPU: usize = 0;
const BUFFER_BYTES: usize = 8 << 20;
const TRIES_MAX: usize = 5;
/// Before each measurement: caches, and the first receives.
const WARM_UP: Duration = Duration::from_millis(60);

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of each driver, for each work and sink.
    pub rounds: usize,
    /// One measurement.
    pub time: Duration,
    pub sinks: Vec<SinkKind>,
    /// Only work whose name contains this.
    pub filter: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 6,
            time: Duration::from_millis(250),
            sinks: SinkKind::ALL.to_vec(),
            filter: String::new(),
        }
    }
}

/// One work against one sink.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub work: String,
    pub sink: SinkKind,
    pub io_uring: Side,
    pub mio: Side,
    /// io_uring's CPU time a packet divided by mio's, median of the rounds: below 1 it is cheaper.
    pub ratio: f64,
    /// The smallest and largest of the rounds.
    pub ratio_range: (f64, f64),
}

/// One driver's side of a row.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// CPU time of the driver's thread for each packet at the sink, median of the rounds.
    pub thread_ns: f64,
    /// Busy time of its CPU for each packet, over all rounds.
    pub busy_ns: f64,
    pub packets_per_second: f64,
    /// System calls for each packet.
    pub system_calls: f64,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    cost: Cost,
    packets: u64,
    seconds: f64,
    system_calls: u64,
}

impl Sample {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    fn packets(&self) -> f64 {
        self.packets as f64
    }

    fn thread_ns(&self) -> f64 {
        self.cost.thread.as_secs_f64() * 1e9 / self.packets()
    }
}

/// Measures all of it; `each` is told of every row as it is found. Needs root, for namespaces.
pub fn run(options: &Options, mut each: impl FnMut(&Row)) -> anyhow::Result<Vec<Row>> {
    let link = Arc::new(Link::new()?);
    let mut rows = Vec::new();
    for sink in &options.sinks {
        if *sink == SinkKind::Drop {
            link.drop_at_far(true)?;
        }
        for work in Work::ALL {
            if !work.to_string().contains(&options.filter) {
                continue;
            }
            let row = row(&link, *sink, work, options)?;
            each(&row);
            rows.push(row);
        }
        if *sink == SinkKind::Drop {
            link.drop_at_far(false)?;
        }
    }
    Ok(rows)
}

fn row(link: &Arc<Link>, sink: SinkKind, work: Work, options: &Options) -> anyhow::Result<Row> {
    let (mut uring, mut mio) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let mut sides = [
            (DriverChoice::Uring, &mut uring),
            (DriverChoice::Mio, &mut mio),
        ];
        if round % 2 == 1 {
            sides.reverse();
        }
        for (choice, samples) in sides {
            samples.push(measure_something(link, sink, work, choice, options.time)?);
        }
    }
    let ratios = uring.iter().zip(&mio);
    let ratios: Vec<f64> = ratios.map(|(a, b)| a.thread_ns() / b.thread_ns()).collect();
    Ok(Row {
        work: work.to_string(),
        sink,
        io_uring: side(&uring),
        mio: side(&mio),
        ratio: median(ratios.clone()),
        ratio_range: (
            ratios.iter().copied().fold(f64::INFINITY, f64::min),
            ratios.iter().copied().fold(0.0, f64::max),
        ),
    })
}

fn side(samples: &[Sample]) -> Side {
    let sum = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>();
    let packets = sum(Sample::packets);
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let system_calls = sum(|it| it.system_calls as f64);
    Side {
        thread_ns: median(samples.iter().map(Sample::thread_ns).collect()),
        busy_ns: sum(|it| it.cost.busy.as_secs_f64()) * 1e9 / packets,
        packets_per_second: packets / sum(|it| it.seconds),
        system_calls: system_calls / packets,
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        count if count % 2 == 0 => f64::midpoint(numbers[middle - 1], numbers[middle]),
        _ => numbers[middle],
    }
}

/// On a machine with other work, a thread may not run at all while it is measured: then again.
fn measure_something(
    link: &Arc<Link>,
    sink: SinkKind,
    work: Work,
    choice: DriverChoice,
    time: Duration,
) -> anyhow::Result<Sample> {
    for _ in 0..TRIES_MAX {
        let sample = measure(link, sink, work, choice, time)?;
        if sample.packets > 0 {
            return Ok(sample);
        }
    }
    bail!("no packet of \"{work}\" arrives at the {sink} sink: does something else use the CPUs?")
}

/// One driver, one time, with a sink of its own.
fn measure(
    link: &Arc<Link>,
    sink: SinkKind,
    work: Work,
    choice: DriverChoice,
    time: Duration,
) -> anyhow::Result<Sample> {
    let mut sink = Sink::start(sink, link)?;
    let (opened, is_open) = mpsc::channel();
    thread::scope(|scope| {
        let driver = scope.spawn(move || -> anyhow::Result<Sample> {
            link.enter(End::Near)?;
            sfu_uring::pin_current_thread(DRIVER_CPU)?;
            let sockets = sfu_uring::bind(&[(NEAR, 0).into()], BUFFER_BYTES)?;
            // A ring gives its sockets up late: each has a port of its own.
            let address = sockets[0].local_address();
            let (driver, _, _) = Driver::open(choice, sockets)?;
            let mut bench = Bench::new(driver);
            let begin = Instant::now() + WARM_UP;
            opened.send((address, begin + time))?;
            work.run(&mut bench, begin)?;
            let packets = count(work, &bench, &mut sink)?;
            let calls = bench.driver.counters().system_calls;
            let (start, stopwatch) = (Instant::now(), Stopwatch::start(DRIVER_CPU)?);
            work.run(&mut bench, begin + time)?;
            let cost = stopwatch.read()?;
            let seconds = start.elapsed().as_secs_f64();
            Ok(Sample {
                cost,
                packets: count(work, &bench, &mut sink)? - packets,
                seconds,
                system_calls: bench.driver.counters().system_calls - calls,
            })
        });
        let generator = scope.spawn(move || -> anyhow::Result<()> {
            // A driver that does not open says why itself.
            let Ok((to, end)) = is_open.recv() else {
                return Ok(());
            };
            link.enter(End::Far)?;
            sfu_uring::pin_current_thread(SINK_CPU)?;
            work.generate(FAR, to, end)
        });
        let panicked = |_| anyhow!("a thread of the measurement panicked");
        let sample = driver.join().map_err(panicked)?.context("the driver")?;
        generator.join().map_err(panicked)?.context("generator")?;
        Ok(sample)
    })
}

/// Packets that have reached their end: the sink, or where there is nothing to send, the driver.
fn count(work: Work, bench: &Bench, sink: &mut Sink) -> anyhow::Result<u64> {
    match work {
        Work::Receive { .. } => Ok(bench.driver.counters().received),
        Work::Send { .. } | Work::Forward { .. } => sink.settled_count(),
    }
}

/// The rows as a table for a terminal or a README.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| sink | work | io_uring ns (busy) | mio ns (busy) | ratio (range) | pkt/s io_uring | mio |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let (uring, mio) = (&row.io_uring, &row.mio);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} ({:.0}) | {:.0} ({:.0}) | {:.2} ({:.2} to {:.2}) | {:.0} | {:.0} |",
            row.sink,
            row.work,
            uring.thread_ns,
            uring.busy_ns,
            mio.thread_ns,
            mio.busy_ns,
            row.ratio,
            row.ratio_range.0,
            row.ratio_range.1,
            uring.packets_per_second,
            mio.packets_per_second,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }
}
