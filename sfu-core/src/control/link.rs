//! The connection to the sidecar. Dropping it ends it for both sides: the reader holds the same
//! socket, and the sidecar must see the end to come again.

use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use sfu_proto::control::{FromCore, Report, codec};

use crate::control_socket::ConnectionId;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: ConnectionId,
    stream: UnixStream,
    /// It knows how everything stands; from here on it follows by reports.
    pub(super) has_snapshot: bool,
    /// Reports that are later than the snapshot that is being made.
    pub(super) held: Vec<Report>,
}

impl Link {
    pub(super) fn new(id: ConnectionId, stream: UnixStream) -> Self {
        Self {
            id,
            stream,
            has_snapshot: false,
            held: Vec::new(),
        }
    }

    /// After an error the other side may have half a frame: drop the link.
    pub(super) fn send(&mut self, message: &FromCore) -> std::io::Result<()> {
        let mut frame = Vec::new();
        codec::encode(message, &mut frame).map_err(std::io::Error::other)?;
        self.stream.write_all(&frame)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // It fails only where the other side has ended it already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
