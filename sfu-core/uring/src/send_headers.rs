//! Message headers for the trains of a batch, as the kernel reads them. All memory is taken at the
//! start; a batch with more trains than fit goes in several rounds.

use core::marker::PhantomData;
use core::ops::Range;
use std::io;
use std::os::fd::BorrowedFd;

use sfu_proto::limits::BATCH_DATAGRAMS_MAX;
use sfu_proto::packet::SendBatch;

use crate::address::{self, NAME_BYTES};
use crate::control_message::{SEGMENT_CONTROL_BYTES, encode_segment};
use crate::socket_table::SocketTable;
use crate::system_call::{empty_message, send_many};
use crate::trains::Train;

/// A batch never makes more trains than it has datagrams.
pub(crate) const TRAINS_MAX: usize = BATCH_DATAGRAMS_MAX;

const NO_BYTES: libc::iovec = libc::iovec {
    iov_base: core::ptr::null_mut(),
    iov_len: 0,
};

pub(crate) struct SendHeaders {
    messages: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    names: Box<[[u8; NAME_BYTES]]>,
    controls: Box<[[u8; SEGMENT_CONTROL_BYTES]]>,
    trains: Vec<Train>,
}

// SAFETY: the raw pointers within lead into this structure's own boxes, which move with it, or into
// a batch; the latter are followed only through `Filled`, which borrows the batch.
unsafe impl Send for SendHeaders {}

impl SendHeaders {
    pub(crate) fn new() -> Self {
        Self {
            messages: (0..TRAINS_MAX).map(|_| empty_message()).collect(),
            vectors: vec![NO_BYTES; TRAINS_MAX].into_boxed_slice(),
            names: vec![[0; NAME_BYTES]; TRAINS_MAX].into_boxed_slice(),
            controls: vec![[0; SEGMENT_CONTROL_BYTES]; TRAINS_MAX].into_boxed_slice(),
            trains: Vec::with_capacity(TRAINS_MAX),
        }
    }

    /// Writes the headers of the batch's trains from the datagram `first` on, as many as fit.
    pub(crate) fn fill<'a>(
        &'a mut self,
        batch: &'a SendBatch,
        mut first: usize,
        sockets: &SocketTable,
    ) -> Filled<'a> {
        self.trains.clear();
        while self.trains.len() < TRAINS_MAX
            && let Some(head) = batch.outgoing().get(first)
            && let Some(train) = Train::starting_at(
                batch.outgoing(),
                first,
                sockets.train_datagrams_max(&head.route),
            )
        {
            first = train.end();
            self.write(train, batch.area());
        }
        Filled {
            headers: self,
            area: PhantomData,
        }
    }

    fn write(&mut self, train: Train, area: &[u8]) {
        let index = self.trains.len();
        let bytes = &area[train.range()];
        self.vectors[index] = libc::iovec {
            // The kernel only reads it; the C interface has one type for both directions.
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        };
        let name_bytes = address::encode(train.route.remote, &mut self.names[index]);
        let header = &mut self.messages[index].msg_hdr;
        header.msg_name = self.names[index].as_mut_ptr().cast();
        #[expect(clippy::cast_possible_truncation, reason = "at most `NAME_BYTES`")]
        let name_length = name_bytes as libc::socklen_t;
        header.msg_namelen = name_length;
        header.msg_iov = &raw mut self.vectors[index];
        header.msg_iovlen = 1;
        if train.is_alone() {
            header.msg_control = core::ptr::null_mut();
            header.msg_controllen = 0;
        } else {
            encode_segment(train.segment, &mut self.controls[index]);
            header.msg_control = self.controls[index].as_mut_ptr().cast();
            header.msg_controllen = SEGMENT_CONTROL_BYTES;
        }
        self.trains.push(train);
    }

    /// The trains of the last `fill`.
    pub(crate) fn trains(&self) -> &[Train] {
        &self.trains
    }
}

/// One message for the kernel. A single datagram needs no header: io_uring takes its address from
/// the entry, which saves reading header, vector and control bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outbound {
    Single {
        bytes: *const u8,
        len: u32,
        name: *const libc::sockaddr,
        name_len: libc::socklen_t,
    },
    Train(*const libc::msghdr),
}

/// Headers whose bytes are alive: as long as this exists, the batch is borrowed.
pub(crate) struct Filled<'a> {
    headers: &'a mut SendHeaders,
    area: PhantomData<&'a SendBatch>,
}

impl Filled<'_> {
    pub(crate) fn trains(&self) -> &[Train] {
        &self.headers.trains
    }

    /// The first datagram that has not found room.
    pub(crate) fn end(&self) -> usize {
        self.headers.trains.last().map_or(0, Train::end)
    }

    /// What the kernel reads to send a train. What it points to is alive as long as `self`.
    pub(crate) fn outbound(&self, index: usize) -> Outbound {
        let header = &self.headers.messages[index].msg_hdr;
        let train = &self.headers.trains[index];
        if !train.is_alone() {
            return Outbound::Train(&raw const *header);
        }
        Outbound::Single {
            bytes: self.headers.vectors[index].iov_base.cast_const().cast(),
            len: u32::from(train.segment),
            name: self.headers.names[index].as_ptr().cast(),
            name_len: header.msg_namelen,
        }
    }

    /// Sends these trains by one system call; says how many went before one failed.
    pub(crate) fn send(
        &mut self,
        trains: Range<usize>,
        socket: BorrowedFd<'_>,
    ) -> io::Result<usize> {
        assert!(trains.end <= self.headers.trains.len());
        // SAFETY: `fill` has written each of these headers: name, vector and control bytes lie in
        // the boxes of `self.headers`, and the vector leads into the area of the batch, which `self`
        // borrows. The kernel copies all of it before the call returns (no MSG_ZEROCOPY).
        unsafe { send_many(socket, &mut self.headers.messages[trains]) }
    }
}

#[cfg(test)]
mod tests {
    use sfu_proto::packet::{Route, SocketIndex};

    use super::*;
    use crate::bind;

    #[test]
    fn more_trains_than_headers_go_in_rounds() {
        let sockets = SocketTable::new(bind(&["127.0.0.1:0".parse().unwrap()], 65_536).unwrap());
        let mut batch = SendBatch::new(10_000, TRAINS_MAX + 5);
        for index in 0..TRAINS_MAX + 5 {
            // Ports alternate, so that no two are one train.
            let port = if index % 2 == 0 { 1 } else { 2 };
            let remote = ([127, 0, 0, 1], port).into();
            let socket = SocketIndex(0);
            batch.slot(Route { socket, remote }, 1).unwrap();
        }
        let mut headers = SendHeaders::new();
        let first = headers.fill(&batch, 0, &sockets).end();
        assert_eq!(first, TRAINS_MAX);
        let second = headers.fill(&batch, first, &sockets);
        assert_eq!((second.trains().len(), second.end()), (5, TRAINS_MAX + 5));
    }
}
