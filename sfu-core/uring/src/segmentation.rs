//! How long a train the kernel cuts apart (UDP GSO), found by sending one.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;
use std::sync::OnceLock;

use sfu_proto::limits::TRAIN_DATAGRAMS_MAX;

use crate::system_call::set_option;

/// `UDP_MAX_SEGMENTS` before Linux 6.9: every kernel that knows trains takes these.
const CERTAIN: usize = 64;

/// Datagrams of the longest train. The kernel's number is the same for all sockets and has no name
/// outside it, so one train goes from a socket to itself over loopback; where there is no loopback,
/// the number is the one that every kernel takes.
pub(crate) fn train_datagrams_max() -> usize {
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let loopbacks = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        if loopbacks.iter().any(|it| takes_longest(*it).is_ok()) {
            TRAIN_DATAGRAMS_MAX
        } else {
            CERTAIN
        }
    })
}

/// Sends a train of `TRAIN_DATAGRAMS_MAX` datagrams of one byte.
fn takes_longest(loopback: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind(loopback)?;
    set_option(socket.as_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, 1)?;
    socket
        .send_to(&[0; TRAIN_DATAGRAMS_MAX], socket.local_addr()?)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux's own constant, by its release.
    #[test]
    fn what_is_found_is_what_this_release_has() {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let mut numbers = release.split('.').map(|it| it.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap(), numbers.next().unwrap());
        let expected = if version >= (6, 9) { 128 } else { 64 };
        assert_eq!(train_datagrams_max(), expected, "{release}");
    }
}
