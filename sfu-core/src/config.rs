//! What an operator can set of the core. Every value has a default that works.

use std::net::IpAddr;
use std::path::PathBuf;

use sfu_proto::srtp::CryptoBackend;
use sfu_uring::DriverChoice;

#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// Unix socket on which the sidecar finds the core.
    pub control_socket: PathBuf,
    /// UDP port of the first worker; each further one has the next port.
    pub udp_port: u16,
    /// Worker threads; each is pinned to a core of its own while there are enough.
    pub workers: usize,
    pub driver: DriverChoice,
    /// Addresses under which the world reaches this host, when it is behind a one-to-one NAT.
    pub public_ips: Vec<IpAddr>,
    /// The port that the NAT maps to `udp_port`, if it is another.
    pub external_port: Option<u16>,
    /// The library that seals media; `None` takes the faster one.
    pub crypto: Option<CryptoBackend>,
    /// Pad packets that are a byte shorter than the next of their frame: fewer trains, hardly more
    /// bytes.
    pub pads_packets: bool,
}

/// Kernel buffer of each socket: about 60 ms of one worker's full load (170,000 packets of 1,200
/// bytes a second in, as many out). Less is reported at start, with the cure.
pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 << 20;

/// Orders and handshake results waiting for one worker.
pub(crate) const MAILBOX_MESSAGES_MAX: usize = 4_096;

/// Answers and reports of all workers waiting for the control socket.
pub(crate) const REPORTS_MAX: usize = 16_384;
