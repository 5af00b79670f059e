//! What a pass sends. Packets are written straight into the area that the driver hands to the
//! kernel: one copy, and neighbours to one address leave as one train (UDP GSO).
//!
//! ```text
//!  area   |<-- a: 1,180 -->|<-- a: 1,180 -->|<- a: 700 ->|<---- b: 1,200 ---->|  free
//!          \______________ one train _______________/     \_____ another ____/
//! ```

use super::Route;
use crate::dropped::Dropped;
use crate::limits::BATCH_DUE_BYTES;

/// One datagram of the batch: `area[start..start + len]` goes to `route`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub route: Route,
    pub start: u32,
    pub len: u16,
}

/// A fixed area and the list of datagrams in it, in the order in which they leave.
pub struct SendBatch {
    area: Box<[u8]>,
    used: usize,
    outgoing: Vec<Outgoing>,
}

impl SendBatch {
    /// All memory it will ever use: `area_bytes` of payload, `datagrams_max` datagrams.
    pub fn new(area_bytes: usize, datagrams_max: usize) -> Self {
        assert!(
            u32::try_from(area_bytes).is_ok(),
            "offsets are 32 bits wide"
        );
        Self {
            area: vec![0; area_bytes].into_boxed_slice(),
            used: 0,
            outgoing: Vec::with_capacity(datagrams_max),
        }
    }

    /// Room for one datagram of exactly `len` bytes to `route`. Full means drop and count.
    pub fn slot(&mut self, route: Route, len: usize) -> Result<&mut [u8], Dropped> {
        let datagram_len = u16::try_from(len).map_err(|_| Dropped::Malformed)?;
        if !self.has_room(len) {
            return Err(Dropped::SendBatchFull);
        }
        let start = self.used;
        self.used += len;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`new` holds the area below 2^32"
        )]
        let start_u32 = start as u32;
        self.outgoing.push(Outgoing {
            route,
            start: start_u32,
            len: datagram_len,
        });
        Ok(&mut self.area[start..start + len])
    }

    /// Takes the last slot back: its writer could not fill it.
    pub fn cancel_last(&mut self) {
        if let Some(last) = self.outgoing.pop() {
            self.used = last.start as usize;
        }
    }

    pub fn has_room(&self, len: usize) -> bool {
        self.has_room_for(1, len)
    }

    /// Room for `count` datagrams of `len` bytes each.
    pub fn has_room_for(&self, count: usize, len: usize) -> bool {
        self.outgoing.capacity() - self.outgoing.len() >= count
            && self.area.len() - self.used >= count * len
    }

    /// Whether it is better sent than filled: what is sealed should still lie in the core's cache
    /// when the kernel copies it.
    pub fn is_due(&self) -> bool {
        self.used >= BATCH_DUE_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.outgoing.is_empty()
    }

    pub fn outgoing(&self) -> &[Outgoing] {
        &self.outgoing
    }

    /// The whole area; an `Outgoing` says which part is its own.
    pub fn area(&self) -> &[u8] {
        &self.area
    }

    pub fn bytes(&self, outgoing: &Outgoing) -> &[u8] {
        let start = outgoing.start as usize;
        &self.area[start..start + usize::from(outgoing.len)]
    }

    /// Forgets everything: the kernel has taken it.
    pub fn clear(&mut self) {
        self.used = 0;
        self.outgoing.clear();
    }
}

impl core::fmt::Debug for SendBatch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SendBatch")
            .field("datagrams", &self.outgoing.len())
            .field("bytes", &self.used)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SocketIndex;
    use super::*;

    fn route(port: u16) -> Route {
        Route {
            socket: SocketIndex(0),
            remote: ([127, 0, 0, 1], port).into(),
        }
    }

    #[test]
    fn neighbours_lie_side_by_side() {
        let mut batch = SendBatch::new(100, 4);
        batch.slot(route(1), 3).unwrap().copy_from_slice(b"abc");
        batch.slot(route(1), 2).unwrap().copy_from_slice(b"de");
        assert_eq!(&batch.area()[..5], b"abcde");
        assert_eq!(batch.bytes(&batch.outgoing()[1]), b"de");
    }

    #[test]
    fn full_is_said_and_changes_nothing() {
        let mut batch = SendBatch::new(10, 2);
        assert_eq!(
            batch.slot(route(1), 11).unwrap_err(),
            Dropped::SendBatchFull
        );
        batch.slot(route(1), 4).unwrap();
        batch.slot(route(1), 4).unwrap();
        assert_eq!(batch.slot(route(1), 1).unwrap_err(), Dropped::SendBatchFull);
        assert_eq!(batch.outgoing().len(), 2);
    }

    #[test]
    fn a_cancelled_slot_leaves_no_trace() {
        let mut batch = SendBatch::new(10, 2);
        batch.slot(route(1), 4).unwrap();
        batch.slot(route(1), 6).unwrap();
        batch.cancel_last();
        assert_eq!(batch.outgoing().len(), 1);
        assert!(batch.has_room(6));
    }
}
