//! Control messages: what the kernel says about a datagram beside its bytes, and what we say about
//! one that we send. See `cmsg(3)`.
//!
//! ```text
//!  length:8 (header and data)   level:4   kind:4   data …   padding to a multiple of 8
//! ```

use core::ffi::c_int;

const HEADER_BYTES: usize = 16;
const ALIGNMENT: usize = 8;

/// A `UDP_SEGMENT` message: header, two bytes, padding.
pub(crate) const SEGMENT_CONTROL_BYTES: usize = 24;

/// Room for all that our sockets ask for: timestamp (32), GRO segment (24), drop counter (24).
pub(crate) const RECEIVE_CONTROL_BYTES: usize = 80;

/// What came with one received message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReceiveControl {
    /// `CLOCK_REALTIME` at which the kernel took the packet in (`SCM_TIMESTAMPNS`).
    pub(crate) stamp_nanos: Option<u64>,
    /// Length of each datagram of the message but the last (`UDP_GRO`).
    pub(crate) segment: Option<usize>,
    /// Datagrams that this socket has lost so far, modulo 2^32 (`SO_RXQ_OVFL`).
    pub(crate) lost_in_all: Option<u32>,
}

/// Writes the message that makes the kernel cut a train into datagrams of `segment` bytes.
pub(crate) fn encode_segment(segment: u16, control: &mut [u8; SEGMENT_CONTROL_BYTES]) {
    control.fill(0);
    control[..8].copy_from_slice(&(HEADER_BYTES + 2).to_ne_bytes());
    control[8..12].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
    control[12..16].copy_from_slice(&libc::UDP_SEGMENT.to_ne_bytes());
    control[16..18].copy_from_slice(&segment.to_ne_bytes());
}

/// Reads all messages that it knows, up to the first that is cut short.
pub(crate) fn decode(mut control: &[u8]) -> ReceiveControl {
    let mut found = ReceiveControl::default();
    while let Some((level, kind, data, rest)) = split_message(control) {
        match (level, kind) {
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => found.stamp_nanos = stamp(data),
            (libc::SOL_UDP, libc::UDP_GRO) => found.segment = segment(data),
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                found.lost_in_all = data.first_chunk().map(|count| u32::from_ne_bytes(*count));
            }
            _ => {}
        }
        control = rest;
    }
    found
}

/// Level, kind and data of the first message, and what follows it.
fn split_message(control: &[u8]) -> Option<(c_int, c_int, &[u8], &[u8])> {
    let (length, rest) = control.split_first_chunk::<8>()?;
    let (level, rest) = rest.split_first_chunk::<4>()?;
    let (kind, _) = rest.split_first_chunk::<4>()?;
    let length = usize::from_ne_bytes(*length);
    let data = control.get(HEADER_BYTES..length)?;
    let next = length.checked_next_multiple_of(ALIGNMENT)?;
    let rest = control.get(next..).unwrap_or_default();
    Some((
        c_int::from_ne_bytes(*level),
        c_int::from_ne_bytes(*kind),
        data,
        rest,
    ))
}

/// `struct timespec`: seconds and nanoseconds, eight bytes each.
fn stamp(data: &[u8]) -> Option<u64> {
    let (seconds, rest) = data.split_first_chunk::<8>()?;
    let nanos = rest.first_chunk::<8>()?;
    u64::from_ne_bytes(*seconds)
        .checked_mul(1_000_000_000)?
        .checked_add(u64::from_ne_bytes(*nanos))
}

fn segment(data: &[u8]) -> Option<usize> {
    let segment = c_int::from_ne_bytes(*data.first_chunk()?);
    usize::try_from(segment).ok().filter(|segment| *segment > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(level: c_int, kind: c_int, data: &[u8]) -> Vec<u8> {
        let mut bytes = (HEADER_BYTES + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes
    }

    fn all_three() -> Vec<u8> {
        let mut stamp = 1_700_000_000_u64.to_ne_bytes().to_vec();
        stamp.extend(42_u64.to_ne_bytes());
        let mut control = message(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &7_u32.to_ne_bytes());
        control.extend(message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &stamp));
        control.extend(message(
            libc::SOL_UDP,
            libc::UDP_GRO,
            &1200_i32.to_ne_bytes(),
        ));
        control
    }

    #[test]
    fn all_that_our_sockets_ask_for_fits_and_is_read() {
        let control = all_three();
        assert_eq!(control.len(), RECEIVE_CONTROL_BYTES);
        let expected = ReceiveControl {
            stamp_nanos: Some(1_700_000_000_000_000_042),
            segment: Some(1200),
            lost_in_all: Some(7),
        };
        assert_eq!(decode(&control), expected);
    }

    #[test]
    fn each_truncation_ends_the_walk() {
        let control = all_three();
        for short in 0..control.len() {
            // Only that it ends, and that what is whole is read.
            let found = decode(&control[..short]);
            assert_eq!(found.lost_in_all.is_some(), short >= 20, "cut to {short}");
        }
    }

    #[test]
    fn unknown_messages_are_passed_over() {
        let mut control = message(99, 99, b"what");
        control.extend(message(
            libc::SOL_UDP,
            libc::UDP_GRO,
            &100_i32.to_ne_bytes(),
        ));
        assert_eq!(decode(&control).segment, Some(100));
    }

    #[test]
    fn a_length_that_leads_nowhere_is_refused() {
        for length in [0, 1, 15, 1000, usize::MAX] {
            let mut control = message(libc::SOL_UDP, libc::UDP_GRO, &100_i32.to_ne_bytes());
            control[..8].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(decode(&control), ReceiveControl::default(), "{length}");
        }
    }

    #[test]
    fn a_segment_of_nothing_is_no_segment() {
        for length in [0_i32, -1] {
            let control = message(libc::SOL_UDP, libc::UDP_GRO, &length.to_ne_bytes());
            assert_eq!(decode(&control).segment, None);
        }
    }

    #[test]
    fn the_segment_message_is_the_kernels() {
        let mut control = [0xff; SEGMENT_CONTROL_BYTES];
        encode_segment(1100, &mut control);
        let expected = message(libc::SOL_UDP, libc::UDP_SEGMENT, &1100_u16.to_ne_bytes());
        assert_eq!(control.as_slice(), expected);
    }
}
