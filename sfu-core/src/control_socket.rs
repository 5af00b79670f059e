//! The Unix socket on which the sidecar finds the core: accepts connections and reads their frames.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use sfu_proto::control::{ToCore, codec};

use crate::control::ControlEvent;
use crate::startup_error::StartupError;

/// A sidecar that does not read for this long is taken to be hanging.
const WRITE_TIME_MAX: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId(u64);

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are frames, and nearly all frames orders"
)]
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Connected(ConnectionId, UnixStream),
    Frame(ConnectionId, ToCore),
    Gone(ConnectionId),
}

/// Binds the socket, for this user alone. A socket file that nobody answers on is what a dead core
/// has left behind.
pub(crate) fn listen(path: &Path) -> Result<UnixListener, StartupError> {
    let failed = |source| StartupError::ControlSocket {
        path: path.to_owned(),
        source,
    };
    if UnixStream::connect(path).is_ok() {
        return Err(StartupError::AlreadyRunning {
            path: path.to_owned(),
        });
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => (),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Accepts for ever, each connection with a reader of its own.
pub(crate) fn accept(listener: &UnixListener, events: &SyncSender<ControlEvent>) {
    for (id, stream) in (0..).zip(listener.incoming()) {
        if let Err(error) = stream.and_then(|stream| serve(ConnectionId(id), stream, events)) {
            tracing::warn!("a connection to the control socket failed: {error}");
        }
    }
}

fn serve(
    id: ConnectionId,
    stream: UnixStream,
    events: &SyncSender<ControlEvent>,
) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_TIME_MAX))?;
    let reader = stream.try_clone()?;
    let events = events.clone();
    std::thread::Builder::new()
        .name("control-read".to_owned())
        .spawn(move || {
            let told = |event| events.send(ControlEvent::Socket(event)).is_ok();
            if told(SocketEvent::Connected(id, stream)) {
                if let Err(error) = read_frames(id, reader, &told) {
                    tracing::warn!("the sidecar's connection ended: {error}");
                }
                told(SocketEvent::Gone(id));
            }
        })?;
    Ok(())
}

fn read_frames(
    id: ConnectionId,
    mut stream: UnixStream,
    told: &impl Fn(SocketEvent) -> bool,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        buffer.extend_from_slice(&piece[..count]);
        while let Some(frame) = codec::decode(&mut buffer)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?
        {
            if !told(SocketEvent::Frame(id, frame)) {
                return Ok(());
            }
        }
    }
}
