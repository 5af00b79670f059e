//! Sending alone: what the kernel takes for packets that lie ready, by each means and in trains of
//! each length. No crypto, no copy of ours, no receiving.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use sfu_uring::DriverChoice;

use super::bursts::{self, Bursts, Cpus, Length};
use super::outlet::Outlet;
use super::shape::{AREA_BYTES, Shape, viewer_address, viewer_route};
use super::sink::{Sink, SinkKind};

/// How packets are given to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// One `sendto` a packet.
    Sendto,
    /// Many trains by one `sendmmsg`, or by one `io_uring_enter`.
    Driver(DriverChoice),
}

impl Means {
    pub(crate) const MIO: Self = Self::Driver(DriverChoice::Mio);
    pub(crate) const URING: Self = Self::Driver(DriverChoice::Uring);
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sendto => f.write_str("sendto"),
            Self::Driver(DriverChoice::Mio) => f.write_str("sendmmsg"),
            Self::Driver(choice) => choice.fmt(f),
        }
    }
}

/// Sends bursts of this shape, as trains of `train` packets each.
pub(crate) fn floor(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    means: Means,
    train: usize,
    kind: SinkKind,
) -> anyhow::Result<Bursts> {
    measure(
        cpus,
        length,
        shape,
        means,
        train,
        &mut Sink::bind(kind)?,
        |_| (),
    )
}

fn measure(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    means: Means,
    train: usize,
    sink: &mut Sink,
    each: impl FnMut(&mut [u8]) + Send,
) -> anyhow::Result<Bursts> {
    let port = sink.port()?;
    match means {
        Means::Sendto => {
            let mut singles = Singles::new(shape, port)?;
            let burst = || singles.send();
            bursts::run(cpus, length, shape.burst(), sink, burst, each)
        }
        Means::Driver(choice) => {
            let (mut outlet, _) = Outlet::open(choice)?;
            let burst = || send_trains(&mut outlet, shape, train, port);
            bursts::run(cpus, length, shape.burst(), sink, burst, each)
        }
    }
}

/// The viewers take turns, a train each, so that no two trains of one viewer are neighbours.
fn send_trains(outlet: &mut Outlet, shape: &Shape, train: usize, port: u16) -> anyhow::Result<()> {
    let bytes = shape.datagram_bytes();
    let mut left = shape.packets;
    while left > 0 {
        let packets = left.min(train.max(1));
        for viewer in 0..shape.viewers {
            let route = viewer_route(viewer, port);
            outlet.make_room(packets, bytes)?;
            for _ in 0..packets {
                outlet.slot(route, bytes)?;
            }
        }
        left -= packets;
    }
    outlet.flush()
}

/// The simplest that there is.
struct Singles {
    socket: UdpSocket,
    viewers: Vec<SocketAddr>,
    packets: usize,
    bytes: usize,
    area: Vec<u8>,
}

impl Singles {
    fn new(shape: &Shape, port: u16) -> anyhow::Result<Self> {
        Ok(Self {
            socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
            viewers: (0..shape.viewers)
                .map(|viewer| viewer_address(viewer, port))
                .collect(),
            packets: shape.packets,
            bytes: shape.datagram_bytes(),
            area: vec![0; AREA_BYTES],
        })
    }

    fn send(&mut self) -> anyhow::Result<()> {
        // Each from its own place in the area, like the trains.
        let mut packets = self.area.chunks_exact(self.bytes).cycle();
        for viewer in &self.viewers {
            for packet in packets.by_ref().take(self.packets) {
                self.socket.send_to(packet, viewer)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_arrives_by_each_means_at_each_receiver() {
        let shape = Shape {
            viewers: 3,
            packets: 10,
            payload_bytes: 300,
        };
        for kind in SinkKind::ALL {
            for (means, train) in [
                (Means::Sendto, 1),
                (Means::MIO, 1),
                (Means::MIO, 4),
                (Means::MIO, 10),
                (Means::URING, 1),
                (Means::URING, 4),
                (Means::URING, 10),
            ] {
                let mut sink = Sink::bind(kind).unwrap();
                let mut lengths = 0;
                let each = |datagram: &mut [u8]| lengths += datagram.len();
                let bursts = measure(None, Length::QUICK, &shape, means, train, &mut sink, each);
                let bursts = bursts.unwrap();
                assert_eq!(bursts.sent, Length::QUICK.bursts * shape.burst());
                assert_eq!(bursts.received, bursts.sent, "{means} {train} {kind}");
                let with_warm_up = bursts.sent + shape.burst();
                assert_eq!(lengths, with_warm_up * shape.datagram_bytes());
                assert!(bursts.thread_ns() > 0.0 && bursts.wall_ns() > 0.0);
            }
        }
    }
}
