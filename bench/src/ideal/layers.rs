//! All layers in one run. Rounds alternate: each layer has its turn in each round, so that what
//! drifts (clock, neighbours on the host) falls on all of them alike.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;
use sfu_proto::srtp::CryptoBackend;
use sfu_uring::{DriverChoice, allowed_cores};

use super::bursts::{Bursts, Cpus, Length};
use super::crypto::{AwsLc, Ring};
use super::fastest_cipher::fastest_cipher;
use super::send::Means;
use super::shape::Shape;
use super::sink::SinkKind;
use super::{both, crypto, feed, send};

/// The ideal forwarder may cost this much more than crypto and sending together.
pub(crate) const HONEST_RATIO: f64 = 1.1;
const TRAINS: [usize; 4] = [1, 4, 10, 50];
const DRIVERS: [DriverChoice; 2] = [DriverChoice::Mio, DriverChoice::Uring];
/// What a frame has, and so what a forwarder's train has.
const FRAME_PACKETS: usize = 10;
const PAYLOAD_BYTES: usize = 1_100;
const SMALL_PAYLOAD_BYTES: usize = 100;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) viewers: usize,
    pub(crate) rounds: usize,
    /// For each layer in each round.
    pub(crate) length: Length,
    pub(crate) cpus: Option<Cpus>,
}

impl Effort {
    /// What the figures of a report come from: about a minute.
    pub(crate) fn full(viewers: usize) -> anyhow::Result<Self> {
        let cores = allowed_cores().context("cannot read the CPU affinity")?;
        let [measured, other, ..] = cores[..] else {
            anyhow::bail!("the layers need two CPUs: one that sends, one that receives");
        };
        Ok(Self {
            viewers,
            rounds: 8,
            length: Length::of_millis(200),
            cpus: Some(Cpus { measured, other }),
        })
    }

    fn shape(&self, train: usize, payload_bytes: usize) -> Shape {
        Shape {
            viewers: self.viewers,
            packets: train * (FRAME_PACKETS / train).max(1),
            payload_bytes,
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Job {
    Crypto(CryptoBackend, usize, bool),
    Send(Means, usize, SinkKind),
    Both(DriverChoice, SinkKind),
    Forwarder(DriverChoice, SinkKind),
}

/// What one turn of a layer came to.
#[derive(Clone, Copy, Debug)]
struct Reading {
    thread_ns: f64,
    wall_ns: Option<f64>,
    lost: usize,
    train_mean: Option<f64>,
}

impl Job {
    fn all() -> Vec<Self> {
        let mut jobs = Vec::new();
        for library in CryptoBackend::ALL {
            for bytes in [PAYLOAD_BYTES, SMALL_PAYLOAD_BYTES] {
                jobs.push(Self::Crypto(library, bytes, true));
                jobs.push(Self::Crypto(library, bytes, false));
            }
        }
        for kind in SinkKind::ALL {
            jobs.push(Self::Send(Means::Sendto, 1, kind));
            for train in TRAINS {
                jobs.push(Self::Send(Means::MIO, train, kind));
                jobs.push(Self::Send(Means::URING, train, kind));
            }
            jobs.extend(DRIVERS.map(|choice| Self::Both(choice, kind)));
            jobs.extend(DRIVERS.map(|choice| Self::Forwarder(choice, kind)));
        }
        jobs
    }

    fn run(self, effort: &Effort) -> anyhow::Result<Reading> {
        let Effort { cpus, length, .. } = *effort;
        let frame = effort.shape(FRAME_PACKETS, PAYLOAD_BYTES);
        match self {
            Self::Crypto(library, bytes, with_copy) => {
                let shape = effort.shape(FRAME_PACKETS, bytes);
                let thread_ns = match library {
                    CryptoBackend::Ring => crypto::floor::<Ring>(cpus, length, &shape, with_copy),
                    CryptoBackend::AwsLc => crypto::floor::<AwsLc>(cpus, length, &shape, with_copy),
                }?;
                Ok(Reading {
                    thread_ns,
                    wall_ns: None,
                    lost: 0,
                    train_mean: None,
                })
            }
            Self::Send(means, train, kind) => {
                let shape = effort.shape(train, PAYLOAD_BYTES);
                send::floor(cpus, length, &shape, means, train, kind).map(|it| reading(&it, None))
            }
            Self::Both(choice, kind) => {
                both::floor(cpus, length, &frame, choice, kind).map(|it| reading(&it, None))
            }
            Self::Forwarder(choice, kind) => {
                let forwarded = feed::floor(cpus, length, &frame, choice, kind)?;
                Ok(reading(&forwarded.bursts, Some(forwarded.train_mean)))
            }
        }
    }

    fn sink(self) -> Option<SinkKind> {
        match self {
            Self::Crypto(..) => None,
            Self::Send(_, _, kind) | Self::Both(_, kind) | Self::Forwarder(_, kind) => Some(kind),
        }
    }
}

fn reading(bursts: &Bursts, train_mean: Option<f64>) -> Reading {
    Reading {
        thread_ns: bursts.thread_ns(),
        wall_ns: Some(bursts.wall_ns()),
        lost: bursts.sent - bursts.received,
        train_mean,
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crypto(library, bytes, with_copy) => {
                let copy = if *with_copy { "" } else { ", no copy" };
                write!(f, "crypto, {library}, {bytes} B{copy}")
            }
            Self::Send(means, 1, _) => write!(f, "send, {means}, single"),
            Self::Send(means, train, _) => write!(f, "send, {means}, trains of {train}"),
            Self::Both(choice, _) => write!(f, "crypto and send, {choice}"),
            Self::Forwarder(choice, _) => write!(f, "ideal forwarder, {choice}"),
        }
    }
}

/// The rounds of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        Some(Self {
            min: *values.first()?,
            median: *values.get(values.len() / 2)?,
        })
    }
}

/// One layer's result: nanoseconds for each packet that arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) layer: String,
    /// `None` where nothing is sent.
    pub(crate) receiver: Option<String>,
    /// CPU time of the measured thread, with the receive half of `lo` in it.
    pub(crate) thread_ns: Spread,
    /// Busy time of its CPU; `None` where it is the same by construction.
    pub(crate) busy_ns: Option<Spread>,
    pub(crate) lost: usize,
    /// What the forwarder's trains had on average.
    pub(crate) train_mean: Option<f64>,
}

/// The ideal forwarder against crypto and sending, in trains of the same length, by the same driver,
/// to the same receiver.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Honesty {
    pub(crate) driver: String,
    pub(crate) receiver: String,
    /// Each round's forwarder by the same round's sum.
    pub(crate) ratio: Spread,
    pub(crate) passes: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Layers {
    pub(crate) viewers: usize,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) honesty: Vec<Honesty>,
}

/// Measures everything. `progress` is told what comes next.
pub(crate) fn measure(effort: &Effort, mut progress: impl FnMut(&str)) -> anyhow::Result<Layers> {
    let jobs = Job::all();
    let mut readings: Vec<Vec<Reading>> = jobs.iter().map(|_| Vec::new()).collect();
    for round in 1..=effort.rounds {
        for (job, readings) in jobs.iter().zip(&mut readings) {
            progress(&format!("round {round} of {}: {job}", effort.rounds));
            readings.push(job.run(effort).with_context(|| job.to_string())?);
        }
    }
    let rows = jobs.iter().zip(&readings);
    let rows = rows.filter_map(|(job, readings)| row(*job, readings));
    let checks = SinkKind::ALL.into_iter().flat_map(|kind| {
        let of = |wanted: Job| {
            let at = jobs.iter().position(|job| *job == wanted)?;
            Some(&readings[at])
        };
        DRIVERS.map(|choice| check(choice, kind, of))
    });
    Ok(Layers {
        viewers: effort.viewers,
        rounds: effort.rounds,
        rows: rows.collect(),
        honesty: checks.flatten().collect(),
    })
}

fn row(job: Job, readings: &[Reading]) -> Option<Row> {
    Some(Row {
        layer: job.to_string(),
        receiver: job.sink().map(|kind| kind.to_string()),
        thread_ns: Spread::of(readings.iter().map(|it| it.thread_ns).collect())?,
        busy_ns: Spread::of(readings.iter().filter_map(|it| it.wall_ns).collect()),
        lost: readings.iter().map(|it| it.lost).sum(),
        train_mean: readings.last().and_then(|it| it.train_mean),
    })
}

fn check<'a>(
    choice: DriverChoice,
    kind: SinkKind,
    of: impl Fn(Job) -> Option<&'a Vec<Reading>>,
) -> Option<Honesty> {
    let forwarder = of(Job::Forwarder(choice, kind))?;
    let crypto = of(Job::Crypto(fastest_cipher(), PAYLOAD_BYTES, true))?;
    let send = of(Job::Send(Means::Driver(choice), FRAME_PACKETS, kind))?;
    let parts = crypto.iter().zip(send);
    let ratios = forwarder
        .iter()
        .zip(parts)
        .map(|(whole, (crypto, send))| whole.thread_ns / (crypto.thread_ns + send.thread_ns));
    let ratio = Spread::of(ratios.collect())?;
    Some(Honesty {
        driver: choice.to_string(),
        receiver: kind.to_string(),
        ratio,
        passes: ratio.median <= HONEST_RATIO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_layers_are_measured_and_none_loses_a_packet() {
        let effort = Effort {
            viewers: 2,
            rounds: 2,
            length: Length::QUICK,
            cpus: None,
        };
        let mut told = 0;
        let layers = measure(&effort, |_| told += 1).unwrap();
        assert_eq!(layers.rows.len(), 34);
        assert_eq!(told, 2 * layers.rows.len());
        assert_eq!(layers.honesty.len(), 4);
        for row in &layers.rows {
            assert_eq!(row.lost, 0, "{}", row.layer);
            assert!(row.thread_ns.min > 0.0 && row.thread_ns.min <= row.thread_ns.median);
        }
        let text = layers.to_string();
        assert!(text.contains("ideal forwarder, io_uring") && text.contains("UDP_GRO receiver"));
    }

    #[test]
    fn a_forwarder_that_costs_more_than_a_tenth_above_its_parts_is_not_ideal() {
        let reading = |thread_ns| {
            vec![Reading {
                thread_ns,
                wall_ns: None,
                lost: 0,
                train_mean: None,
            }]
        };
        for (whole, passes) in [(1_090.0, true), (1_110.0, false)] {
            let (whole, crypto, send) = (reading(whole), reading(300.0), reading(700.0));
            let of = |job| match job {
                Job::Forwarder(..) => Some(&whole),
                Job::Crypto(..) => Some(&crypto),
                _ => Some(&send),
            };
            let honesty = check(DriverChoice::Mio, SinkKind::Gro, of).unwrap();
            assert_eq!(honesty.passes, passes, "{honesty:?}");
        }
    }
}
