//! The Unix socket on which the sidecar finds the core: accepts connections and reads their frames.
//! Only a connection that has said Hello is heard of outside: who merely knocks, replaces nobody.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use sfu_proto::control::{ToCore, codec};

use crate::control::ControlEvent;
use crate::startup_error::StartupError;

/// A sidecar that does not read for this long is taken to be hanging.
const WRITE_TIME_MAX: Duration = Duration::from_secs(2);

/// Hello must come within this time.
const HELLO_TIME_MAX: Duration = Duration::from_secs(5);

/// One sidecar, one that it replaces, and some that have not said Hello yet. Each has a thread.
const CONNECTIONS_MAX: usize = 8;

/// Pause after a connection could not be accepted: what is missing (file descriptors) does not come
/// back at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionId(pub(crate) u64);

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are frames, and nearly all frames orders"
)]
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// A sidecar has come and said which version it speaks.
    Hello {
        id: ConnectionId,
        version: u16,
        stream: UnixStream,
    },
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
    // Every reader holds one more of it.
    let readers = Arc::new(());
    for (id, stream) in (0..).zip(listener.incoming()) {
        let served = stream.and_then(|stream| {
            if Arc::strong_count(&readers) > CONNECTIONS_MAX {
                return Err(io::Error::other("too many at once (CONNECTIONS_MAX)"));
            }
            let (reader, events) = (Arc::clone(&readers), events.clone());
            let id = ConnectionId(id);
            thread::Builder::new()
                .name("control-read".to_owned())
                .spawn(move || {
                    serve(id, stream, &events);
                    drop(reader);
                })
        });
        if let Err(error) = served {
            tracing::warn!("a connection to the control socket failed: {error}");
            thread::sleep(ACCEPT_PAUSE);
        }
    }
}

fn serve(id: ConnectionId, stream: UnixStream, events: &SyncSender<ControlEvent>) {
    let told = |event| events.send(ControlEvent::Socket(event)).is_ok();
    match welcome(&stream) {
        Ok(Some((version, mut frames))) => {
            if told(SocketEvent::Hello {
                id,
                version,
                stream,
            }) {
                if let Err(error) = frames.hand_on(|frame| told(SocketEvent::Frame(id, frame))) {
                    tracing::warn!("the sidecar's connection ended: {error}");
                }
                told(SocketEvent::Gone(id));
            }
        }
        Ok(None) => {} // Another core asked whether we are here.
        Err(error) => tracing::warn!("a connection to the control socket ended: {error}"),
    }
}

/// Waits for Hello: the version it says and the frames that follow, or `None` if there is none.
fn welcome(stream: &UnixStream) -> io::Result<Option<(u16, Frames)>> {
    stream.set_write_timeout(Some(WRITE_TIME_MAX))?;
    stream.set_read_timeout(Some(HELLO_TIME_MAX))?;
    let mut frames = Frames {
        stream: stream.try_clone()?,
        buffer: Vec::new(),
    };
    match frames.next()? {
        Some(ToCore::Hello { version }) => {
            stream.set_read_timeout(None)?;
            Ok(Some((version, frames)))
        }
        Some(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its first frame is not Hello; what connects here must be a sidecar of this release",
        )),
        None => Ok(None),
    }
}

/// What a connection says, frame by frame.
struct Frames {
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Frames {
    /// `None` at the end.
    fn next(&mut self) -> io::Result<Option<ToCore>> {
        let mut piece = [0; 16 << 10];
        loop {
            let frame = codec::decode(&mut self.buffer)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            if frame.is_some() {
                return Ok(frame);
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Hands on every frame until the end, or until nobody takes them any more.
    fn hand_on(&mut self, take: impl Fn(ToCore) -> bool) -> io::Result<()> {
        while let Some(frame) = self.next()? {
            if !take(frame) {
                break;
            }
        }
        Ok(())
    }
}
