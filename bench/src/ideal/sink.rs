//! The receiver of the layers: one socket on the wildcard address that reads all that any viewer is
//! sent, and counts it. What counts as sent is what arrives here.
//!
//! Two kinds, since on `lo` they put the cutting of a train in different places: with UDP_GRO a
//! train comes whole (as with a network card that cuts it), without it the kernel cuts it up before
//! the socket, on the sender's CPU.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::Duration;
use std::{fmt, io::IoSliceMut};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, ReceiveTimeout, UdpGroSegment};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, recvmmsg, setsockopt};
use nix::sys::time::TimeVal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SinkKind {
    /// With UDP_GRO: the best case.
    Gro,
    /// Without: the worst.
    Plain,
}

impl SinkKind {
    pub(crate) const ALL: [Self; 2] = [Self::Gro, Self::Plain];
}

impl fmt::Display for SinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gro => "UDP_GRO receiver",
            Self::Plain => "plain receiver",
        })
    }
}

/// Messages taken by one system call, and room for each: a whole train.
const MESSAGES: usize = 64;
const MESSAGE_BYTES: usize = 65_536;
/// Longer than any burst, cut up or not, so that nothing of it is lost.
const SOCKET_BYTES: usize = 128 << 20;
/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Sink {
    socket: UdpSocket,
    area: Vec<u8>,
    /// Length and segment length of each message of the last call.
    taken: Vec<(usize, usize)>,
}

impl Sink {
    pub(crate) fn bind(kind: SinkKind) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("cannot bind a sink")?;
        if setsockopt(&socket, RcvBufForce, &SOCKET_BYTES).is_err() {
            setsockopt(&socket, RcvBuf, &SOCKET_BYTES).context("SO_RCVBUF")?;
        }
        let patience = TimeVal::new(0, i64::from(PATIENCE.subsec_micros()));
        setsockopt(&socket, ReceiveTimeout, &patience).context("SO_RCVTIMEO")?;
        setsockopt(&socket, UdpGroSegment, &(kind == SinkKind::Gro)).context("UDP_GRO")?;
        Ok(Self {
            socket,
            area: vec![0; MESSAGES * MESSAGE_BYTES],
            taken: Vec::with_capacity(MESSAGES),
        })
    }

    pub(crate) fn port(&self) -> anyhow::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Reads until `wanted` datagrams have come, or none comes any more; hands each over, and says
    /// how many there were.
    pub(crate) fn read(
        &mut self,
        wanted: usize,
        mut each: impl FnMut(&mut [u8]),
    ) -> anyhow::Result<usize> {
        let mut read = 0;
        while read < wanted {
            if !self.take()? {
                break;
            }
            for (at, (length, segment)) in self.taken.iter().enumerate() {
                let message = &mut self.area[at * MESSAGE_BYTES..][..*length];
                for datagram in message.chunks_mut(*segment) {
                    each(datagram);
                    read += 1;
                }
            }
        }
        Ok(read)
    }

    /// One system call; false if nothing has come in time.
    fn take(&mut self) -> anyhow::Result<bool> {
        self.taken.clear();
        // Made anew each time: the kernel shortens the room for control messages in them, and nix
        // does not restore it.
        let control = nix::cmsg_space!(i32);
        let mut headers = MultiHeaders::<()>::preallocate(MESSAGES, Some(control));
        let mut slices: Vec<_> = self
            .area
            .chunks_mut(MESSAGE_BYTES)
            .map(|room| [IoSliceMut::new(room)])
            .collect();
        let messages = recvmmsg(
            self.socket.as_raw_fd(),
            &mut headers,
            &mut slices,
            MsgFlags::MSG_WAITFORONE,
            None,
        );
        let messages = match messages {
            Ok(messages) => messages,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(false),
            Err(error) => return Err(error).context("the sink cannot receive"),
        };
        for message in messages {
            let segment = message.cmsgs().ok().and_then(|mut said| {
                said.find_map(|one| match one {
                    ControlMessageOwned::UdpGroSegments(bytes) => usize::try_from(bytes).ok(),
                    _ => None,
                })
            });
            let segment = segment.unwrap_or(message.bytes).max(1);
            self.taken.push((message.bytes, segment));
        }
        Ok(true)
    }
}
