//! What every layer sends, so that their costs can be added: as many packets, of one length, to as
//! many viewers, in trains of one length.
//!
//! A burst is what a forwarder makes of one video frame: `packets` to each of `viewers`, viewer by
//! viewer. All layers work burst by burst through one send area of `AREA_BYTES`, over and over, so
//! that none of them has a warmer or colder cache than another.

use std::net::{Ipv4Addr, SocketAddr};

use sfu_proto::packet::{Route, SendBatch, SocketIndex};
use sfu_proto::rtp::header::FIXED_BYTES;

/// The send area is handed to the kernel when it is full, and then filled anew: small enough to stay
/// within a core's second-level cache, large enough that the system call is shared by many.
pub(crate) const AREA_BYTES: usize = 256 << 10;
/// As the product's: a CSRC (RFC 3550 §5.1), and a block of extensions (RFC 8285 §4.2) with the mid
/// and the time of sending in two words.
pub(crate) const HEADER_BYTES: usize = FIXED_BYTES + 4 + 4 + 8;
pub(crate) const TAG_BYTES: usize = 16;

/// The layers' viewers stand in 127.64.0.0/10: all of 127.0.0.0/8 is this machine, and one socket
/// on the wildcard address hears all of it.
const FIRST_VIEWER: u32 = 0x7f40_0000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) viewers: usize,
    /// To each viewer in a burst: the length of a train, up to what one train can hold.
    pub(crate) packets: usize,
    pub(crate) payload_bytes: usize,
}

impl Shape {
    /// Header, payload and tag.
    pub(crate) const fn datagram_bytes(&self) -> usize {
        HEADER_BYTES + self.payload_bytes + TAG_BYTES
    }

    pub(crate) const fn burst(&self) -> usize {
        self.viewers * self.packets
    }
}

/// A batch with one area's worth of room.
pub(crate) fn send_batch() -> SendBatch {
    SendBatch::new(AREA_BYTES, sfu_proto::limits::BATCH_DATAGRAMS_MAX)
}

/// What all packets of one stream have in common: the receiver's identifiers, and elements that it
/// does not know.
pub(crate) fn header_template(payload_type: u8, ssrc: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    // V=2, X, CC=1.
    header[..2].copy_from_slice(&[0x91, payload_type & 0x7f]);
    header[8..12].copy_from_slice(&ssrc.to_be_bytes());
    // The profile, and the number of words.
    header[16..20].copy_from_slice(&[0xbe, 0xde, 0, 2]);
    // The mid "00" under 1, the time of sending under 2, and a byte of padding.
    header[20..27].copy_from_slice(&[1 << 4 | 1, b'0', b'0', 2 << 4 | 2, 0, 0, 0]);
    header
}

pub(crate) fn viewer_address(viewer: usize, port: u16) -> SocketAddr {
    let viewer = u32::try_from(viewer).unwrap_or(u32::MAX) & 0x003f_ffff;
    (Ipv4Addr::from(FIRST_VIEWER | viewer), port).into()
}

pub(crate) fn viewer_route(viewer: usize, port: u16) -> Route {
    Route {
        socket: SocketIndex(0),
        remote: viewer_address(viewer, port),
    }
}
