//! Trains: neighbours of a send batch that leave in one system call and are cut apart by the
//! network card or the kernel (UDP GSO). Pure: which datagrams go together is decided here alone.
//!
//! The kernel's rules (`net/ipv4/udp.c`): one destination; all datagrams of one length, the last may
//! be shorter; at most 64 of them (128 since 6.9); less than 64 KiB in all.

use core::ops::Range;

use sfu_proto::limits::{DATAGRAM_BYTES_MAX, TRAIN_BYTES_MAX};
use sfu_proto::packet::{Outgoing, Route};

/// `count` datagrams of the batch from `first` on, which lie side by side in its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Train {
    pub(crate) route: Route,
    pub(crate) first: usize,
    pub(crate) count: usize,
    start: usize,
    pub(crate) bytes: usize,
    /// Length of each datagram but the last.
    pub(crate) segment: u16,
}

impl Train {
    /// The longest train that starts with the datagram `first`, of at most `count_max`.
    pub(crate) fn starting_at(
        outgoing: &[Outgoing],
        first: usize,
        count_max: usize,
    ) -> Option<Self> {
        let head = outgoing.get(first)?;
        let mut train = Self::alone(head, first);
        if head.len == 0 || usize::from(head.len) > DATAGRAM_BYTES_MAX {
            return Some(train);
        }
        for next in &outgoing[first + 1..] {
            if train.count >= count_max || !train.takes(next) {
                break;
            }
            train.count += 1;
            train.bytes += usize::from(next.len);
            if next.len < train.segment {
                break;
            }
        }
        Some(train)
    }

    fn alone(head: &Outgoing, first: usize) -> Self {
        Self {
            route: head.route,
            first,
            count: 1,
            start: head.start as usize,
            bytes: usize::from(head.len),
            segment: head.len,
        }
    }

    fn takes(&self, next: &Outgoing) -> bool {
        self.bytes + usize::from(next.len) <= TRAIN_BYTES_MAX
            && (1..=self.segment).contains(&next.len)
            && next.start as usize == self.start + self.bytes
            && next.route == self.route
    }

    /// Where its bytes lie in the batch's area.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.bytes
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.count == 1
    }

    /// The first datagram after it.
    pub(crate) fn end(&self) -> usize {
        self.first + self.count
    }
}

#[cfg(test)]
mod tests;
