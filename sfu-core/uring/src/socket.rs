//! Binding the sockets of a worker: one for each local address, never the wildcard (DESIGN D3), so
//! that an answer leaves by the address that the question came to.

use core::ffi::c_int;
use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use sfu_proto::limits::TRAIN_DATAGRAMS_MAX;
use socket2::{Domain, Protocol, Socket, Type};

use crate::BindError;
use crate::system_call::set_option;

/// `SocketIndex` is a byte.
const SOCKETS_MAX: usize = 256;

/// A UDP socket with all that the drivers rely on.
#[derive(Debug)]
pub struct BoundSocket {
    socket: Socket,
    local_address: SocketAddr,
    train_datagrams_max: usize,
    shortfalls: Vec<BufferShortfall>,
}

impl BoundSocket {
    /// The address with the port that the kernel has given, if it was to choose one.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Buffers that are smaller than asked for, each with its cure. The socket works all the same,
    /// but loses packets earlier under load.
    pub fn shortfalls(&self) -> &[BufferShortfall] {
        &self.shortfalls
    }

    /// Datagrams of the longest train; 1 where the kernel has none.
    pub(crate) fn train_datagrams_max(&self) -> usize {
        self.train_datagrams_max
    }

    pub(crate) fn into_socket(self) -> Socket {
        self.socket
    }
}

/// A socket buffer that the kernel has made smaller than asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferShortfall {
    pub wanted_bytes: usize,
    pub granted_bytes: usize,
    /// The limit that stands in the way.
    pub sysctl: &'static str,
}

impl fmt::Display for BufferShortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes of socket buffer instead of {}: sysctl -w {}={}, or grant CAP_NET_ADMIN",
            self.granted_bytes, self.wanted_bytes, self.sysctl, self.wanted_bytes
        )
    }
}

/// Binds a socket to each address, with `buffer_bytes` of kernel buffer for each direction.
pub fn bind(addresses: &[SocketAddr], buffer_bytes: usize) -> Result<Vec<BoundSocket>, BindError> {
    if addresses.len() > SOCKETS_MAX {
        return Err(BindError::TooMany);
    }
    addresses
        .iter()
        .map(|address| bind_one(*address, buffer_bytes))
        .collect()
}

fn bind_one(address: SocketAddr, buffer_bytes: usize) -> Result<BoundSocket, BindError> {
    let failed = |doing| {
        move |source| BindError::System {
            address,
            doing,
            source,
        }
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )
    .map_err(failed("open"))?;
    socket
        .set_nonblocking(true)
        .map_err(failed("nonblocking"))?;
    if address.is_ipv6() {
        socket.set_only_v6(true).map_err(failed("IPV6_V6ONLY"))?;
    }
    socket
        .bind(&address.into())
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { address },
            io::ErrorKind::AddrNotAvailable => BindError::NotLocal { address },
            _ => failed("bind")(error),
        })?;
    let local_address = socket
        .local_addr()
        .map_err(failed("read the address back"))?
        .as_socket()
        .unwrap_or(address);
    let shortfalls = Buffer::ALL
        .iter()
        .filter_map(|buffer| buffer.enlarge(&socket, buffer_bytes).transpose())
        .collect::<io::Result<_>>()
        .map_err(failed("SO_RCVBUF and SO_SNDBUF"))?;
    set_receive_options(socket.as_fd()).map_err(failed("SO_TIMESTAMPNS and SO_RXQ_OVFL"))?;
    set_mtu_discovery(socket.as_fd(), address).map_err(failed("IP_MTU_DISCOVER"))?;
    Ok(BoundSocket {
        train_datagrams_max: if knows_trains(socket.as_fd()) {
            TRAIN_DATAGRAMS_MAX
        } else {
            1
        },
        socket,
        local_address,
        shortfalls,
    })
}

fn set_receive_options(socket: BorrowedFd<'_>) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    set_option(socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
    // Since Linux 5.0; without it each datagram simply comes alone.
    let _ = set_option(socket, libc::SOL_UDP, libc::UDP_GRO, 1);
    Ok(())
}

/// "Probe": never fragment, and judge a train by the MTU of the interface. With the kernel's own
/// discovery, an ICMP message that anybody can forge would shrink the route below the length of a
/// media packet, and every train to it would be refused.
fn set_mtu_discovery(socket: BorrowedFd<'_>, address: SocketAddr) -> io::Result<()> {
    let (level, option, value) = if address.is_ipv6() {
        (
            libc::IPPROTO_IPV6,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_PMTUDISC_PROBE,
        )
    } else {
        (
            libc::IPPROTO_IP,
            libc::IP_MTU_DISCOVER,
            libc::IP_PMTUDISC_PROBE,
        )
    };
    set_option(socket, level, option, value)
}

/// Whether the kernel has UDP GSO (Linux 4.18): it is switched on and off again, because trains
/// carry their length with each message.
fn knows_trains(socket: BorrowedFd<'_>) -> bool {
    set_option(socket, libc::SOL_UDP, libc::UDP_SEGMENT, 1200).is_ok()
        && set_option(socket, libc::SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
}

/// One of a socket's two kernel buffers.
struct Buffer {
    /// Beyond the sysctl's limit; needs `CAP_NET_ADMIN`.
    force: c_int,
    set: fn(&Socket, usize) -> io::Result<()>,
    size: fn(&Socket) -> io::Result<usize>,
    sysctl: &'static str,
}

impl Buffer {
    const ALL: [Self; 2] = [
        Self {
            force: libc::SO_RCVBUFFORCE,
            set: Socket::set_recv_buffer_size,
            size: Socket::recv_buffer_size,
            sysctl: "net.core.rmem_max",
        },
        Self {
            force: libc::SO_SNDBUFFORCE,
            set: Socket::set_send_buffer_size,
            size: Socket::send_buffer_size,
            sysctl: "net.core.wmem_max",
        },
    ];

    fn enlarge(&self, socket: &Socket, wanted_bytes: usize) -> io::Result<Option<BufferShortfall>> {
        // The kernel doubles the value, so half of what an int holds is the most that may be asked.
        let wanted = c_int::try_from(wanted_bytes)
            .unwrap_or(c_int::MAX)
            .min(c_int::MAX / 2);
        if set_option(socket.as_fd(), libc::SOL_SOCKET, self.force, wanted).is_err() {
            (self.set)(socket, wanted_bytes)?;
        }
        // It doubles the value for its own book-keeping; see socket(7).
        let granted_bytes = (self.size)(socket)? / 2;
        Ok((granted_bytes < wanted_bytes).then_some(BufferShortfall {
            wanted_bytes,
            granted_bytes,
            sysctl: self.sysctl,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortfall_names_its_cure() {
        let shortfall = BufferShortfall {
            wanted_bytes: 8_000_000,
            granted_bytes: 212_992,
            sysctl: "net.core.rmem_max",
        };
        assert_eq!(
            shortfall.to_string(),
            "212992 bytes of socket buffer instead of 8000000: \
             sysctl -w net.core.rmem_max=8000000, or grant CAP_NET_ADMIN"
        );
    }
}
