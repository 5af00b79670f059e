//! What can stop the core from starting, whose fault it is, and the cure.

use std::io;
use std::path::PathBuf;

use sfu_proto::srtp::CryptoBackend;
use sfu_uring::{BindError, DriverError};

#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error(
        "cannot listen on the control socket {path}: {source}; give --control-socket a path in a directory that this user may write"
    )]
    ControlSocket { path: PathBuf, source: io::Error },
    #[error(
        "another core answers on the control socket {path}; stop it first, or give --control-socket another path"
    )]
    AlreadyRunning { path: PathBuf },
    #[error("cannot list this host's addresses: {0}")]
    Interfaces(io::Error),
    #[error("this host has no usable network address; bring an interface up")]
    NoAddress,
    #[error(
        "{workers} workers from UDP port {udp_port} on do not fit below 65536; choose a lower --udp-port or fewer --workers"
    )]
    PortRange { udp_port: u16, workers: usize },
    #[error("{0}")]
    Bind(#[from] BindError),
    #[error("{0}")]
    Driver(#[from] DriverError),
    #[error("{0} gives wrong results on this processor; leave --crypto at auto")]
    Crypto(CryptoBackend),
    #[error(
        "neither ring nor aws-lc-rs gives right results: this processor or its memory is broken"
    )]
    NoCrypto,
    #[error("cannot make the DTLS certificate or start its thread: {0}")]
    Dtls(String),
    #[error("cannot start a thread: {0}; raise the limit on threads of this user or unit")]
    Thread(io::Error),
}
