//! Feeds the ideal forwarder from within: one publisher, whose frames go in closed loop, the next
//! when the last has reached every viewer. So its passes see one frame each, and its trains have
//! the length of a frame: the same as in the layers that it is compared with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sfu_proto::packet::{Route, SocketIndex};
use sfu_proto::rtp::header::FIXED_BYTES;
use sfu_proto::srtp::Outbound;
use sfu_uring::DriverChoice;

use super::bursts::{Bursts, Cpus, Length, joined};
use super::crypto::payloads;
use super::forwarder::Forwarder;
use super::outlet::Outlet;
use super::shape::{Shape, TAG_BYTES, viewer_address};
use super::sink::{Sink, SinkKind};
use super::stopwatch::{Cost, idle_time, thread_time};
use super::tables::{Keying, PublisherTable, RoomTable, SlotTable, Tables, ViewerTable};

const SOURCE: u32 = 0x1000_0000;
const PAYLOAD_TYPE: u8 = 97;
/// How often the forwarder looks whether it shall stop.
const TIMEOUT: Duration = Duration::from_millis(50);

/// What the forwarder came to, and how its packets left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forwarded {
    pub(crate) bursts: Bursts,
    /// Packets in a train, on average.
    pub(crate) train_mean: f64,
}

pub(crate) fn floor(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    choice: DriverChoice,
    kind: SinkKind,
) -> anyhow::Result<Forwarded> {
    measure(cpus, length, shape, choice, &mut Sink::bind(kind)?, |_| ())
}

fn measure(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    choice: DriverChoice,
    sink: &mut Sink,
    mut each: impl FnMut(&mut [u8]) + Send,
) -> anyhow::Result<Forwarded> {
    let (outlet, address) = Outlet::open(DriverChoice::Mio)?;
    let tables = tables(shape, choice, address, sink.port()?);
    let mut forwarder = Forwarder::open(&tables)?;
    // A frame comes whole, as one train.
    forwarder.set_gather(Duration::ZERO);
    let mut publisher = Publisher::new(outlet, forwarder.address(), shape)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let measured = scope.spawn(|| run(cpus, &mut forwarder, shape.burst(), &stop));
        let other = scope.spawn(|| {
            let result = feed(cpus, length, shape, &mut publisher, sink, &mut each);
            stop.store(true, Ordering::Relaxed);
            result
        });
        let mut bursts = joined(other)?;
        let (thread, train_mean) = joined(measured)?;
        bursts.cost.thread = thread;
        Ok(Forwarded { bursts, train_mean })
    })
}

/// The forwarder's thread: its CPU time after the first burst, and its trains.
fn run(
    cpus: Option<Cpus>,
    forwarder: &mut Forwarder,
    warm_up: usize,
    stop: &AtomicBool,
) -> anyhow::Result<(Duration, f64)> {
    Cpus::pin_measured(cpus)?;
    let warm_up = u64::try_from(warm_up)?;
    let mut begun = None;
    while !stop.load(Ordering::Relaxed) {
        forwarder.pass(TIMEOUT)?;
        if begun.is_none() && forwarder.forwarded() >= warm_up {
            begun = Some(thread_time());
        }
    }
    let thread = thread_time() - begun.context("the forwarder has received nothing")?;
    let counters = forwarder.counters();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let train_mean = counters.sent as f64 / counters.trains.max(1) as f64;
    Ok((thread, train_mean))
}

fn feed(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    publisher: &mut Publisher,
    sink: &mut Sink,
    each: &mut impl FnMut(&mut [u8]),
) -> anyhow::Result<Bursts> {
    Cpus::pin_other(cpus)?;
    publisher.send_frame()?;
    sink.read(shape.burst(), &mut *each)?;
    let idle = || cpus.map_or(Ok(Duration::ZERO), |cpus| idle_time(cpus.measured));
    let (begun, idle_before) = (Instant::now(), idle()?);
    let (mut total, mut frames) = (Bursts::default(), 0);
    while length.goes_on(begun, frames) {
        publisher.send_frame()?;
        total.sent += shape.burst();
        total.received += sink.read(shape.burst(), &mut *each)?;
        frames += 1;
    }
    let idle = idle()?.saturating_sub(idle_before);
    total.cost = Cost {
        wall: begun.elapsed().saturating_sub(idle),
        thread: Duration::ZERO,
    };
    Ok(total)
}

/// The one who sends.
struct Publisher {
    outlet: Outlet,
    outbound: Outbound,
    route: Route,
    payloads: Vec<Vec<u8>>,
    index: u64,
    timestamp: u32,
}

impl Publisher {
    fn new(outlet: Outlet, forwarder: std::net::SocketAddr, shape: &Shape) -> anyhow::Result<Self> {
        let keys = Keying::of_participant(0).material()?;
        Ok(Self {
            outlet,
            outbound: Outbound::new(keys.profile, &keys.client),
            route: Route {
                socket: SocketIndex(0),
                remote: forwarder,
            },
            payloads: payloads(shape),
            index: 1,
            timestamp: 0,
        })
    }

    fn send_frame(&mut self) -> anyhow::Result<()> {
        let last = self.payloads.len().saturating_sub(1);
        for (at, payload) in self.payloads.iter().enumerate() {
            let bytes = FIXED_BYTES + payload.len() + TAG_BYTES;
            let slot = self.outlet.slot(self.route, bytes)?;
            slot[0] = 0x80;
            slot[1] = u8::from(at == last) << 7 | 96;
            slot[2..4].copy_from_slice(&self.index.to_be_bytes()[6..]);
            slot[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
            slot[8..12].copy_from_slice(&SOURCE.to_be_bytes());
            slot[12..12 + payload.len()].copy_from_slice(payload);
            self.outbound
                .protect_rtp(FIXED_BYTES, self.index, slot)
                .map_err(|dropped| anyhow::anyhow!("cannot seal: {dropped:?}"))?;
            self.index += 1;
        }
        self.timestamp = self.timestamp.wrapping_add(3_000);
        self.outlet.flush()
    }
}

/// One room: participant 0 publishes, all others view.
fn tables(
    shape: &Shape,
    choice: DriverChoice,
    publisher: std::net::SocketAddr,
    sink_port: u16,
) -> Tables {
    let viewer = |number: usize| ViewerTable {
        address: viewer_address(number, sink_port),
        keying: Keying::of_participant(number + 1),
        slots: vec![SlotTable {
            source: SOURCE,
            ssrc: u32::try_from(number).unwrap_or(u32::MAX),
            payload_type: PAYLOAD_TYPE,
        }],
    };
    Tables {
        listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
        driver: choice.to_string(),
        rooms: vec![RoomTable {
            publishers: vec![PublisherTable {
                address: publisher,
                keying: Keying::of_participant(0),
                ssrcs: vec![SOURCE],
            }],
            viewers: (0..shape.viewers).map(viewer).collect(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use sfu_proto::srtp::Inbound;

    use super::*;

    #[test]
    fn every_viewer_opens_every_frame_bit_for_bit() {
        let shape = Shape {
            viewers: 3,
            packets: 10,
            payload_bytes: 1_100,
        };
        for choice in [DriverChoice::Mio, DriverChoice::Uring] {
            for kind in SinkKind::ALL {
                let mut sink = Sink::bind(kind).unwrap();
                let mut inbounds: Vec<Inbound> = (0..shape.viewers)
                    .map(|viewer| Keying::of_participant(viewer + 1).material().unwrap())
                    .map(|keys| Inbound::new(keys.profile, &keys.server))
                    .collect();
                let mut texts: Vec<Vec<Vec<u8>>> = vec![Vec::new(); shape.viewers];
                let each = |datagram: &mut [u8]| {
                    let viewer = usize::from(datagram[11]);
                    let packet = inbounds[viewer].unprotect_rtp(datagram).unwrap();
                    let (header, at) = (packet.header(), texts[viewer].len());
                    assert_eq!(header.payload_type, PAYLOAD_TYPE);
                    assert_eq!(packet.index(), 1_001 + at as u64, "in order, without a gap");
                    assert_eq!(
                        header.timestamp,
                        90_000 + 3_000 * u32::try_from(at / 10).unwrap()
                    );
                    assert_eq!(header.marker, at % 10 == 9);
                    texts[viewer].push(packet.payload().to_vec());
                };
                let forwarded = measure(None, Length::QUICK, &shape, choice, &mut sink, each);
                let forwarded = forwarded.unwrap();
                let bursts = forwarded.bursts;
                assert_eq!(bursts.received, bursts.sent, "{choice} {kind}");
                assert!((forwarded.train_mean - 10.0).abs() < 1e-9, "{choice}");
                let all = vec![payloads(&shape); Length::QUICK.bursts + 1].concat();
                assert!(texts.iter().all(|of_one| *of_one == all), "{choice} {kind}");
            }
        }
    }
}
