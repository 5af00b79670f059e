//! What the drivers do while they are measured.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use sfu_proto::limits::{BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX, RECEIVED_PER_PASS_MAX};
use sfu_proto::packet::{Route, SendBatch, SocketIndex};
use sfu_proto::time;
use sfu_uring::{ClockReading, Driver};

use super::sink::SINK_PORT;

/// Packets of `bytes` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Each pass sends `train` packets to each of up to 50 addresses.
    Send { bytes: usize, train: usize },
    /// Packets come in as fast as the generator can, and go nowhere.
    Receive { bytes: usize },
    /// Bursts come in, and each leaves to `copies` addresses, as a train if it can.
    Forward {
        bytes: usize,
        burst: usize,
        copies: u8,
        pace: Pace,
        gather: Duration,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    BurstsPerSecond(u32),
    /// As fast as the generator can.
    Flood,
}

const SEND_ADDRESSES: usize = 50;
const SEND_DATAGRAMS_MAX: usize = 1_000;
const NO_GATHER: Duration = Duration::ZERO;
/// As the core has it.
const GATHER: Duration = Duration::from_micros(500);

impl Work {
    pub(super) const ALL: [Self; 12] = [
        Self::send(100, 1),
        Self::send(1_100, 1),
        Self::send(1_100, 4),
        Self::send(1_100, 10),
        Self::send(1_100, 50),
        Self::send(100, 64),
        Self::Receive { bytes: 100 },
        Self::forward(100, 1, 1, Pace::Flood, NO_GATHER),
        Self::forward(100, 1, 5, Pace::BurstsPerSecond(8_000), NO_GATHER),
        Self::forward(100, 1, 5, Pace::BurstsPerSecond(8_000), GATHER),
        Self::forward(1_100, 10, 10, Pace::BurstsPerSecond(1_500), GATHER),
        Self::forward(1_100, 10, 10, Pace::Flood, NO_GATHER),
    ];

    const fn send(bytes: usize, train: usize) -> Self {
        Self::Send { bytes, train }
    }

    const fn forward(bytes: usize, burst: usize, copies: u8, pace: Pace, gather: Duration) -> Self {
        Self::Forward {
            bytes,
            burst,
            copies,
            pace,
            gather,
        }
    }

    /// Does it until `end`.
    pub(super) fn run(&self, bench: &mut Bench, end: Instant) -> anyhow::Result<()> {
        match self {
            Self::Send { bytes, train } => {
                let addresses = SEND_ADDRESSES.min(SEND_DATAGRAMS_MAX / train);
                while Instant::now() < end {
                    bench.send(*bytes, *train, addresses)?;
                }
            }
            Self::Receive { .. } => {
                bench.driver.set_gather(NO_GATHER);
                while Instant::now() < end {
                    bench.forward(0)?;
                }
            }
            Self::Forward { copies, gather, .. } => {
                bench.driver.set_gather(*gather);
                while Instant::now() < end {
                    bench.forward(*copies)?;
                }
            }
        }
        Ok(())
    }

    /// The generator's side, until `end`; nothing for work that only sends.
    pub(super) fn generate(
        &self,
        from: Ipv4Addr,
        to: SocketAddr,
        end: Instant,
    ) -> anyhow::Result<()> {
        let (bytes, burst, pace) = match self {
            Self::Send { .. } => return Ok(()),
            Self::Receive { bytes } => (bytes, &1, &Pace::Flood),
            Self::Forward {
                bytes, burst, pace, ..
            } => (bytes, burst, pace),
        };
        let socket = UdpSocket::bind((from, 0))?;
        socket.connect(to)?;
        let packet = vec![0x80; *bytes];
        let start = Instant::now();
        for bursts in 1.. {
            for _ in 0..*burst {
                // What does not go counts nowhere: packets are counted where they end.
                let _ = socket.send(&packet);
            }
            let now = Instant::now();
            if now >= end {
                break;
            }
            if let Pace::BurstsPerSecond(rate) = pace {
                let due = start + Duration::from_secs(1) * bursts / *rate;
                thread::sleep(due.saturating_duration_since(now));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { bytes, train: 1 } => write!(f, "send singles of {bytes}"),
            Self::Send { bytes, train } => write!(f, "send trains of {train} x {bytes}"),
            Self::Receive { bytes } => write!(f, "receive singles of {bytes}, flood"),
            Self::Forward {
                bytes,
                burst,
                copies,
                pace,
                gather,
            } => {
                write!(f, "forward {burst} x {bytes} to {copies}, ")?;
                match pace {
                    Pace::Flood => f.write_str("flood"),
                    Pace::BurstsPerSecond(rate) => write!(f, "{rate}/s"),
                }?;
                match gather.as_micros() {
                    0 => Ok(()),
                    micros => write!(f, ", gather {micros} us"),
                }
            }
        }
    }
}

/// A driver, and what a pass needs beside it.
pub(super) struct Bench {
    pub(super) driver: Driver,
    batch: SendBatch,
    /// Lengths and bytes of what came in this pass.
    lengths: Vec<usize>,
    bytes: Vec<u8>,
}

impl Bench {
    pub(super) fn new(driver: Driver) -> Self {
        Self {
            driver,
            batch: SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX),
            lengths: Vec::with_capacity(RECEIVED_PER_PASS_MAX),
            bytes: Vec::with_capacity(1 << 20),
        }
    }

    fn send(&mut self, bytes: usize, train: usize, addresses: usize) -> anyhow::Result<()> {
        for address in 0..addresses {
            for _ in 0..train {
                if let Ok(slot) = self.batch.slot(viewer(address), bytes) {
                    // The first bytes are the header that a forwarder writes.
                    slot[..12].fill(0x80);
                }
            }
        }
        Ok(self.driver.turn(&mut self.batch, Some(Duration::ZERO))?)
    }

    fn forward(&mut self, copies: u8) -> anyhow::Result<()> {
        let wait = Some(Duration::from_millis(5));
        self.driver.turn(&mut self.batch, wait)?;
        self.lengths.clear();
        self.bytes.clear();
        let (lengths, bytes) = (&mut self.lengths, &mut self.bytes);
        let reading = ClockReading {
            now: time::Instant::from_nanos(0),
            realtime_nanos: 0,
        };
        self.driver
            .receive(reading, RECEIVED_PER_PASS_MAX, |datagram| {
                lengths.push(datagram.bytes.len());
                bytes.extend_from_slice(datagram.bytes);
            });
        for address in 0..usize::from(copies) {
            let mut rest = self.bytes.as_slice();
            for length in &self.lengths {
                let (packet, after) = rest.split_at(*length);
                rest = after;
                if !self.batch.has_room(*length) {
                    self.driver.send(&mut self.batch)?;
                }
                // An empty batch has room for any packet.
                if let Ok(slot) = self.batch.slot(viewer(address), *length) {
                    slot.copy_from_slice(packet);
                }
            }
        }
        // As the core does: it sends, reads its clock, and then waits.
        Ok(self.driver.send(&mut self.batch)?)
    }
}

fn viewer(address: usize) -> Route {
    let last = u8::try_from(address % 250).unwrap_or(0);
    Route {
        socket: SocketIndex(0),
        remote: (Ipv4Addr::new(10, 80, 0, last), SINK_PORT).into(),
    }
}
