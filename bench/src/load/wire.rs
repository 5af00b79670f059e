//! One UDP socket for all participants. Each has an address of its own: the source is set with every
//! send, the destination read with every receive (`IP_PKTINFO`, see ip(7)).
//!
//! Frames leave as one train (`UDP_SEGMENT`) as a sender's network card delivers them, back to back;
//! trains arrive whole (`UDP_GRO`), unless the run asks for a plain receiver, which pays for the
//! cutting.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd as _, OwnedFd};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{
    self, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockFlag,
    SockType, SockaddrIn, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;

use super::{clock, drops};

/// What the kernel is asked to hold for us while this thread does something else.
const BUFFER_BYTES: usize = 256 << 20;
/// Messages of one receive. A train may fill its buffer; a dozen packets touch a fifth of it.
const MESSAGES_MAX: usize = 32;
const MESSAGE_BYTES_MAX: usize = 65_536;
/// The kernel takes no longer train (`UDP_MAX_SEGMENTS`, and what one IPv4 datagram can say).
const SEGMENTS_MAX: usize = 64;
const TRAIN_BYTES_MAX: usize = 65_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireOptions {
    pub port: u16,
    pub receives_trains: bool,
    pub sends_trains: bool,
}

#[derive(Debug)]
pub struct Wire {
    socket: OwnedFd,
    sends_trains: bool,
    /// Of receive buffer.
    granted_bytes: usize,
}

impl Wire {
    pub fn open(options: WireOptions) -> anyhow::Result<Self> {
        let socket = socket::socket(
            AddressFamily::Inet,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            None,
        )?;
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        if options.receives_trains {
            setsockopt(&socket, sockopt::UdpGroSegment, &true)
                .context("the kernel has no UDP_GRO: use --receiver plain")?;
        }
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &BUFFER_BYTES)?;
        }
        if setsockopt(&socket, sockopt::SndBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::SndBuf, &BUFFER_BYTES)?;
        }
        // The kernel doubles what it is given, for its own book-keeping (socket(7)).
        let granted_bytes = socket::getsockopt(&socket, sockopt::RcvBuf)? / 2;
        socket::bind(
            socket.as_raw_fd(),
            &SockaddrIn::new(0, 0, 0, 0, options.port),
        )
        .with_context(|| format!("the load's port {} is taken", options.port))?;
        Ok(Self {
            socket,
            sends_trains: options.sends_trains,
            granted_bytes,
        })
    }

    /// If the kernel gave less receive buffer than it was asked for: how much, and the cure.
    pub fn shortfall(&self) -> Option<String> {
        (self.granted_bytes < BUFFER_BYTES).then(|| {
            format!(
                "the load's receive buffer has {} bytes instead of {BUFFER_BYTES}: \
                 run as root, or sysctl -w net.core.rmem_max={BUFFER_BYTES}",
                self.granted_bytes
            )
        })
    }

    /// Datagrams that our own socket had no room for.
    pub fn dropped(&self) -> u64 {
        drops::dropped(&self.socket)
    }

    /// Sends packets of `segment` bytes each, which lie in `packets` one behind the other. Says how
    /// many the kernel did not take.
    pub fn send(&self, from: Ipv4Addr, to: SocketAddrV4, packets: &[u8], segment: usize) -> usize {
        let per_message = match self.sends_trains {
            true => (TRAIN_BYTES_MAX / segment).clamp(1, SEGMENTS_MAX),
            false => 1,
        };
        packets
            .chunks(per_message * segment)
            .filter(|message| self.send_message(from, to, message, segment).is_err())
            .map(|message| message.len().div_ceil(segment))
            .sum()
    }

    fn send_message(
        &self,
        from: Ipv4Addr,
        to: SocketAddrV4,
        bytes: &[u8],
        segment: usize,
    ) -> nix::Result<()> {
        let source = in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: in_addr {
                s_addr: u32::from(from).to_be(),
            },
            ipi_addr: in_addr { s_addr: 0 },
        };
        let source = ControlMessage::Ipv4PacketInfo(&source);
        // Lengths of packets fit 16 bits.
        let cut = u16::try_from(segment).map_err(|_| Errno::EMSGSIZE)?;
        let train = [source, ControlMessage::UdpGsoSegments(&cut)];
        let control = match bytes.len() > segment {
            true => &train[..],
            false => &train[..1],
        };
        let to = SockaddrIn::from(to);
        socket::sendmsg(
            self.socket.as_raw_fd(),
            &[IoSlice::new(bytes)],
            control,
            MsgFlags::MSG_DONTWAIT,
            Some(&to),
        )
        .map(drop)
    }
}

/// What one receive brings: one datagram, or a train of them.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub to: Ipv4Addr,
    /// When the kernel took it, on the monotonic clock.
    pub arrival: u64,
    /// Length of each datagram but the last.
    pub segment: usize,
    pub bytes: &'a [u8],
}

/// The receiving end's memory.
#[derive(Debug)]
pub struct Inbox {
    buffers: Vec<u8>,
    /// Messages asked for at once: as many as came lately, so that a quiet socket costs little.
    messages: usize,
}

impl Inbox {
    pub fn new() -> Self {
        Self {
            buffers: vec![0; MESSAGES_MAX * MESSAGE_BYTES_MAX],
            messages: 1,
        }
    }

    /// Hands on what is there; says whether anything was. It never waits: a sleeper that each train
    /// must wake costs the server's CPU an interrupt to ours, which no network card would.
    pub fn receive(&mut self, wire: &Wire, mut take: impl FnMut(Message<'_>)) -> nix::Result<bool> {
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = self
            .buffers
            .chunks_mut(MESSAGE_BYTES_MAX)
            .take(self.messages)
            .map(|buffer| [IoSliceMut::new(buffer)])
            .collect();
        // Made anew for each call: the kernel shortens each header's room for control messages to
        // what it used, and nothing in `MultiHeaders` lengthens it again.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(
            slices.len(),
            Some(nix::cmsg_space!(in_pktinfo, i32, TimeSpec)),
        );
        let received = socket::recvmmsg(
            wire.socket.as_raw_fd(),
            &mut headers,
            slices.iter_mut(),
            MsgFlags::MSG_DONTWAIT,
            None,
        );
        let received = match received {
            Err(Errno::EAGAIN | Errno::EINTR) => {
                self.messages = 1;
                return Ok(false);
            }
            other => other?,
        };
        let to_monotonic = clock::now().wrapping_sub(clock::wall());
        let mut count = 0;
        for message in received {
            count += 1;
            let mut destination = None;
            let mut segment = None;
            let mut arrival = None;
            for control in message.cmsgs()? {
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) => {
                        destination = Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)));
                    }
                    ControlMessageOwned::UdpGroSegments(bytes) => {
                        segment = usize::try_from(bytes).ok()
                    }
                    ControlMessageOwned::ScmTimestampns(stamp) => {
                        arrival = Some(clock::nanos(stamp).wrapping_add(to_monotonic));
                    }
                    _ => {}
                }
            }
            if let (Some(to), Some(bytes)) = (destination, message.iovs().next()) {
                take(Message {
                    to,
                    arrival: arrival.unwrap_or_else(clock::now),
                    segment: segment.unwrap_or(bytes.len()),
                    bytes,
                });
            }
        }
        self.messages = match count == self.messages {
            true => (2 * self.messages).min(MESSAGES_MAX),
            false => count.next_power_of_two(),
        };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    const LOCAL: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 1);

    fn wire(receives_trains: bool, sends_trains: bool) -> (Wire, u16) {
        let wire = Wire::open(WireOptions {
            port: 0,
            receives_trains,
            sends_trains,
        })
        .unwrap();
        let bound: SockaddrIn = socket::getsockname(wire.socket.as_raw_fd()).unwrap();
        (wire, bound.port())
    }

    /// Everything that comes, packet by packet.
    fn packets(wire: &Wire) -> Vec<(Ipv4Addr, Vec<u8>)> {
        let mut inbox = Inbox::new();
        let mut found = Vec::new();
        while inbox
            .receive(wire, |message| {
                let packets = message.bytes.chunks(message.segment);
                found.extend(packets.map(|packet| (message.to, packet.to_vec())));
            })
            .unwrap()
        {}
        found
    }

    #[test]
    fn trains_and_singles_arrive_alike_at_the_address_they_were_sent_to() {
        for (receives_trains, sends_trains) in [(true, true), (false, true), (true, false)] {
            let (wire, port) = wire(receives_trains, sends_trains);
            let to = SocketAddrV4::new(Ipv4Addr::new(127, 0, 9, 2), port);
            let mut expected = Vec::new();
            // Singles between the trains: whoever reads headers twice must find room in them.
            for round in 0..50_u8 {
                let count = if round % 3 == 0 { 1 } else { 70 };
                let train: Vec<u8> = (0..count).flat_map(|n| [n ^ round; 900]).collect();
                assert_eq!(wire.send(LOCAL, to, &train, 900), 0);
                expected.extend(train.chunks(900).map(|packet| (*to.ip(), packet.to_vec())));
            }
            assert!(
                packets(&wire) == expected,
                "{receives_trains} {sends_trains}"
            );
            assert_eq!(wire.dropped(), 0);
        }
    }

    #[test]
    fn packets_leave_from_the_address_that_is_asked_for() {
        let (wire, port) = wire(true, true);
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(to) = other.local_addr().unwrap() else {
            unreachable!("bound to an IPv4 address");
        };
        assert_eq!(wire.send(LOCAL, to, b"hello", 5), 0);
        let (len, from) = other.recv_from(&mut [0; 9]).unwrap();
        assert_eq!((len, from), (5, SocketAddrV4::new(LOCAL, port).into()));
    }

    #[test]
    fn what_the_kernel_refuses_is_counted() {
        let (wire, _) = wire(true, true);
        let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
        let foreign = Ipv4Addr::new(203, 0, 113, 1);
        assert_eq!(wire.send(foreign, to, &[0; 3_000], 1_000), 3);
    }
}
