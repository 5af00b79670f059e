//! One connection to the core: frames over a Unix socket.

use std::path::Path;

use sfu_proto::control::{FromCore, ToCore, codec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Frame(#[from] codec::FrameError),
    #[error(
        "the core speaks version {core} of the control protocol, this sidecar {ours}: install both from one release"
    )]
    Version { core: u16, ours: u16 },
    #[error("the core said {0} where the protocol does not allow it")]
    OutOfTurn(&'static str),
    #[error("the core was silent for too long while the link was set up")]
    Silent,
    #[error("the core does not answer any more")]
    Stopped,
    #[error("{0}")]
    Service(#[from] crate::service::ServiceError),
}

pub(super) struct Reader {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
}

pub(super) struct Writer {
    stream: OwnedWriteHalf,
    frame: Vec<u8>,
}

pub(super) async fn connect(path: &Path) -> Result<(Reader, Writer), LinkError> {
    let (read, write) = UnixStream::connect(path).await?.into_split();
    let reader = Reader {
        stream: read,
        buffer: Vec::new(),
    };
    let writer = Writer {
        stream: write,
        frame: Vec::new(),
    };
    Ok((reader, writer))
}

impl Reader {
    /// The next frame. Safe to cancel: bytes that have come stay in the buffer.
    pub(super) async fn next(&mut self) -> Result<FromCore, LinkError> {
        loop {
            if let Some(message) = codec::decode(&mut self.buffer)? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

impl Writer {
    pub(super) async fn send(&mut self, message: &ToCore) -> Result<(), LinkError> {
        self.frame.clear();
        codec::encode(message, &mut self.frame)?;
        self.stream.write_all(&self.frame).await?;
        Ok(())
    }
}
