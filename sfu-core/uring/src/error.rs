//! What can stop a driver or a socket. All of it is the operator's to cure; what goes wrong with
//! one datagram is a counter (see `counters.rs`).

use std::io;
use std::net::SocketAddr;

use crate::RingRefusal;

/// A socket that could not be bound as it must be.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("{address} is taken by another process: stop it, or change the port of this worker")]
    Taken { address: SocketAddr },
    #[error("{address} is no address of this machine: remove it from the listen addresses")]
    NotLocal { address: SocketAddr },
    #[error("more than 256 addresses for one worker: name the ones to listen on")]
    TooMany,
    #[error("cannot set up a socket on {address} ({doing}): {source}")]
    System {
        address: SocketAddr,
        doing: &'static str,
        source: io::Error,
    },
}

/// A driver that cannot be opened, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    #[error("the io_uring driver was asked for, but {0}; or set the driver to auto")]
    Refused(#[from] RingRefusal),
    #[error("cannot {doing}: {source}")]
    System {
        doing: &'static str,
        source: io::Error,
    },
    #[error("the driver has failed before and takes nothing more: start the worker anew")]
    Broken,
}

impl DriverError {
    /// For `map_err`: names what was being done.
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { doing, source }
    }
}
