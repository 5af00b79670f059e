//! The layout of one receive buffer, the same for both drivers. io_uring writes it so (multishot
//! `recvmsg`, see `io_uring_prep_recvmsg_multishot(3)`); the mio driver points `recvmmsg` at it.
//!
//! ```text
//!  0           16           48               128
//!  | lengths   | name (28)  | control (80)   | payload: a whole train of up to 64 KiB … |
//! ```
//!
//! A train may fill 64 KiB, so each buffer has room for one. The room costs address space, not
//! memory: a page is only taken when a train first reaches it, and single datagrams stay within the
//! first page or two of their buffer.

use core::ops::Range;

use sfu_proto::packet::{Route, SocketIndex};

use crate::address;
use crate::control_message::{self, RECEIVE_CONTROL_BYTES};
use crate::received_train::ReceivedTrain;

const LENGTHS_BYTES: usize = 16;
/// As much as `sockaddr_in6` needs, rounded so that the control messages stay aligned.
pub(crate) const NAME_ROOM_BYTES: usize = 32;
pub(crate) const NAME: Range<usize> = LENGTHS_BYTES..LENGTHS_BYTES + NAME_ROOM_BYTES;
pub(crate) const CONTROL: Range<usize> = NAME.end..NAME.end + RECEIVE_CONTROL_BYTES;
pub(crate) const PAYLOAD_START: usize = CONTROL.end;
/// Not a multiple of the page: buffers a whole number of pages apart would all fall into the same
/// sets of the cache.
pub(crate) const BUFFER_BYTES: usize = PAYLOAD_START + 65_536;

const _: () = assert!(NAME_ROOM_BYTES >= address::NAME_BYTES);
const _: () = assert!(CONTROL.start.is_multiple_of(8));

/// What the kernel said about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageLengths {
    pub(crate) name: usize,
    pub(crate) control: usize,
    /// Bytes that are in the buffer, which is less than were sent if `is_truncated`.
    pub(crate) payload: usize,
    pub(crate) is_truncated: bool,
}

impl MessageLengths {
    /// Reads the head that io_uring writes: `struct io_uring_recvmsg_out`, four numbers of four
    /// bytes (name, control, payload, flags). `written` is the completion's result.
    pub(crate) fn from_head(buffer: &[u8], written: usize) -> Option<Self> {
        let (head, _) = buffer.split_first_chunk::<LENGTHS_BYTES>()?;
        let number =
            |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Some(Self {
            name: usize::try_from(number(0)).ok()?,
            control: usize::try_from(number(4)).ok()?,
            payload: written.checked_sub(PAYLOAD_START)?,
            is_truncated: is_truncated(number(12).cast_signed()),
        })
    }
}

/// Whether the flags of a message say that its payload did not fit.
pub(crate) fn is_truncated(message_flags: libc::c_int) -> bool {
    message_flags & libc::MSG_TRUNC != 0
}

/// A message ready to be cut, and how many datagrams its socket has lost in all.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) train: ReceivedTrain,
    pub(crate) lost_in_all: Option<u32>,
}

/// Reads name and control messages. `None`: no readable source, or not one whole datagram.
pub(crate) fn open(buffer: &[u8], lengths: MessageLengths, socket: SocketIndex) -> Option<Opened> {
    let name = buffer.get(NAME)?;
    let remote = address::decode(&name[..lengths.name.min(NAME_ROOM_BYTES)])?;
    let control = buffer.get(CONTROL)?;
    let said = control_message::decode(&control[..lengths.control.min(RECEIVE_CONTROL_BYTES)]);
    let payload_bytes = if lengths.is_truncated {
        // What fits is whole but for its last datagram.
        let segment = said.segment?;
        Some(lengths.payload / segment * segment).filter(|bytes| *bytes > 0)?
    } else {
        lengths.payload
    };
    let payload = PAYLOAD_START..PAYLOAD_START + payload_bytes;
    buffer.get(payload.clone())?;
    let route = Route { socket, remote };
    Some(Opened {
        train: ReceivedTrain::new(route, said.stamp_nanos, payload, said.segment),
        lost_in_all: said.lost_in_all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKET: SocketIndex = SocketIndex(3);

    /// A buffer with a name, a GRO message and `payload` bytes.
    fn buffer(segment: i32) -> Vec<u8> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut name = [0; address::NAME_BYTES];
        address::encode("192.0.2.1:9".parse().unwrap(), &mut name);
        buffer[NAME][..address::NAME_BYTES].copy_from_slice(&name);
        let control = &mut buffer[CONTROL];
        control[..8].copy_from_slice(&20_usize.to_ne_bytes());
        control[8..12].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
        control[12..16].copy_from_slice(&libc::UDP_GRO.to_ne_bytes());
        control[16..20].copy_from_slice(&segment.to_ne_bytes());
        buffer
    }

    fn lengths(payload: usize, is_truncated: bool) -> MessageLengths {
        MessageLengths {
            name: 16,
            control: 24,
            payload,
            is_truncated,
        }
    }

    fn cut(buffer: &[u8], lengths: MessageLengths) -> Option<Vec<usize>> {
        let opened = open(buffer, lengths, SOCKET)?;
        assert_eq!(opened.train.route.socket, SOCKET);
        Some(opened.train.map(|range| range.len()).collect())
    }

    #[test]
    fn a_train_opens_as_its_datagrams() {
        assert_eq!(
            cut(&buffer(100), lengths(250, false)),
            Some(vec![100, 100, 50])
        );
    }

    #[test]
    fn a_truncated_train_keeps_its_whole_datagrams() {
        assert_eq!(cut(&buffer(100), lengths(250, true)), Some(vec![100, 100]));
        assert_eq!(cut(&buffer(100), lengths(99, true)), None);
    }

    #[test]
    fn a_truncated_single_is_nothing() {
        let mut single = lengths(250, true);
        single.control = 0;
        assert_eq!(cut(&buffer(100), single), None);
    }

    #[test]
    fn no_source_is_nothing() {
        let mut nameless = lengths(100, false);
        nameless.name = 0;
        assert_eq!(cut(&buffer(100), nameless), None);
    }

    #[test]
    fn lengths_beyond_the_buffer_are_refused() {
        let mut wild = lengths(BUFFER_BYTES, false);
        wild.name = usize::MAX;
        wild.control = usize::MAX;
        assert_eq!(cut(&buffer(100), wild), None);
    }

    #[test]
    fn the_head_is_the_kernels() {
        let mut head = Vec::new();
        for number in [16_u32, 24, 9999, 0x20] {
            head.extend(number.to_ne_bytes());
        }
        assert_eq!(
            MessageLengths::from_head(&head, PAYLOAD_START + 250),
            Some(lengths(250, true))
        );
        assert_eq!(MessageLengths::from_head(&head, PAYLOAD_START - 1), None);
        assert_eq!(MessageLengths::from_head(&head[..15], 500), None);
    }
}
