//! One UDP payload as it arrived, and the way it came.

use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// Which of the worker's sockets: each local address is bound by its own (DESIGN D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SocketIndex(pub u8);

/// The two ends of a path: our socket and the far address. An answer leaves by the socket that the
/// question came in by, or a firewall between drops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Route {
    pub socket: SocketIndex,
    pub remote: SocketAddr,
}

/// One UDP payload. The bytes are the driver's own receive buffer: decryption happens there.
#[derive(Debug)]
pub struct Datagram<'a> {
    pub route: Route,
    /// When the kernel took it in, on the core's clock.
    pub arrival: Instant,
    pub bytes: &'a mut [u8],
}
