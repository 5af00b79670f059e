//! What can stop us from starting. All of it is found before anything runs and told at once, each
//! with its cure.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::config::Listen;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error(
        "the data directory {path} cannot be used: {error}. Make it writable for this user, or choose another with --data-dir"
    )]
    DataDir { path: PathBuf, error: io::Error },
    #[error(
        "the folder {path} of the control socket cannot be used: {error}. Choose another with --control-socket"
    )]
    ControlDir { path: PathBuf, error: io::Error },
    #[error(
        "the control socket's path {path} is too long for a Unix socket (107 bytes). Choose a shorter one with --control-socket"
    )]
    ControlPath { path: PathBuf },
    #[error("{address} is taken by another program. Stop it, or choose another port with {flag}")]
    PortTaken {
        address: SocketAddr,
        flag: &'static str,
    },
    #[error("{address} cannot be listened on: {error}. Choose another with {flag}")]
    Listen {
        address: SocketAddr,
        flag: &'static str,
        error: io::Error,
    },
    #[error(
        "--http and --https are to listen on the same port: {http} and {https}. Give each its own"
    )]
    SamePort { http: Listen, https: Listen },
    #[error(
        "MILLRACE_LOG is not a log filter: {why}. Try info, debug, or warn,control_sidecar=debug"
    )]
    LogFilter { why: String },
    #[error("{0}")]
    Tls(#[from] crate::tls::TlsError),
    #[error("{0}")]
    Service(#[from] crate::service::ServiceError),
    #[error("{0}")]
    Core(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Everything that is wrong.
#[derive(Debug, Default)]
pub struct StartupErrors(pub Vec<StartupError>);

impl<E: Into<StartupError>> From<E> for StartupErrors {
    fn from(error: E) -> Self {
        Self(vec![error.into()])
    }
}

impl fmt::Display for StartupErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "millrace: {error}")?;
        }
        Ok(())
    }
}

impl StartupErrors {
    /// Takes note of an error and goes on, to find the others too.
    pub fn note<T>(&mut self, result: Result<T, StartupError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    pub fn check(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Makes the data directory, for us alone, and tries to write into it.
pub fn prepare_data_dir(path: &Path) -> Result<(), StartupError> {
    private_dir(path).map_err(|error| StartupError::DataDir {
        path: path.to_owned(),
        error,
    })
}

/// Makes the folder of the control socket, for us alone.
pub fn prepare_control_socket(path: &Path) -> Result<(), StartupError> {
    // sun_path has 108 bytes with its terminator (unix(7)).
    if path.as_os_str().len() > 107 {
        return Err(StartupError::ControlPath {
            path: path.to_owned(),
        });
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    private_dir(folder).map_err(|error| StartupError::ControlDir {
        path: folder.to_owned(),
        error,
    })
}

/// An existing folder keeps its permissions: the operator chose them.
fn private_dir(path: &Path) -> io::Result<()> {
    if !path.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    // Two roles may look at the same folder at the same moment.
    let probe = path.join(format!(".writable-{}", std::process::id()));
    fs::write(&probe, b"")?;
    fs::remove_file(&probe)
}

/// Listens on all addresses of `listen`; a machine without IPv6 does without it.
pub fn listen(listen: Listen, flag: &'static str, errors: &mut StartupErrors) -> Vec<TcpListener> {
    let mut listeners = Vec::new();
    for address in listen.addresses() {
        match bind(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                errors.0.push(StartupError::PortTaken { address, flag });
            }
            Err(error) => {
                let no_ipv6 = matches!(
                    error.raw_os_error().map(nix::errno::Errno::from_raw),
                    Some(nix::errno::Errno::EAFNOSUPPORT | nix::errno::Errno::EADDRNOTAVAIL)
                );
                if !(no_ipv6 && address.is_ipv6() && matches!(listen, Listen::Everywhere(_))) {
                    errors.0.push(StartupError::Listen {
                        address,
                        flag,
                        error,
                    });
                }
            }
        }
    }
    listeners
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // The IPv4 wildcard has a socket of its own.
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    TcpListener::from_std(socket.into())
}
