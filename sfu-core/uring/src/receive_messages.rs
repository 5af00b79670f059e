//! The messages of one `recvmmsg`, in buffers laid out as io_uring lays out its own.

use std::io;
use std::os::fd::BorrowedFd;

use sfu_proto::packet::SocketIndex;

use crate::receive_buffer::{
    self, BUFFER_BYTES, CONTROL, MessageLengths, NAME, NAME_ROOM_BYTES, PAYLOAD_START,
};
use crate::system_call::{empty_message, receive_many};

/// Messages of one `recvmmsg`: enough that its cost is shared, few enough to stay in the cache.
pub(crate) const MESSAGES_MAX: usize = 64;

/// The messages of the last `recvmmsg`: those before `next` are done with.
pub(crate) struct ReceiveMessages {
    headers: Box<[libc::mmsghdr]>,
    vectors: Box<[libc::iovec]>,
    /// One `receive_buffer` for each message.
    memory: Box<[u8]>,
    socket: SocketIndex,
    next: usize,
    filled: usize,
}

// SAFETY: the raw pointers within lead into this structure's own boxes, which move with it, and are
// followed only inside `receive`, which writes them first.
unsafe impl Send for ReceiveMessages {}

impl ReceiveMessages {
    pub(crate) fn new() -> Self {
        let no_bytes = libc::iovec {
            iov_base: core::ptr::null_mut(),
            iov_len: 0,
        };
        Self {
            headers: (0..MESSAGES_MAX).map(|_| empty_message()).collect(),
            vectors: vec![no_bytes; MESSAGES_MAX].into_boxed_slice(),
            memory: vec![0; MESSAGES_MAX * BUFFER_BYTES].into_boxed_slice(),
            socket: SocketIndex(0),
            next: 0,
            filled: 0,
        }
    }

    pub(crate) fn has_more(&self) -> bool {
        self.next < self.filled
    }

    /// The socket that they came by.
    pub(crate) fn socket(&self) -> SocketIndex {
        self.socket
    }

    pub(crate) fn finish_current(&mut self) {
        self.next += 1;
    }

    /// The buffer of the first message that is not done with.
    pub(crate) fn current(&mut self) -> &mut [u8] {
        let start = self.next * BUFFER_BYTES;
        &mut self.memory[start..start + BUFFER_BYTES]
    }

    pub(crate) fn current_lengths(&self) -> MessageLengths {
        let message = &self.headers[self.next];
        MessageLengths {
            name: message.msg_hdr.msg_namelen as usize,
            control: message.msg_hdr.msg_controllen,
            payload: message.msg_len as usize,
            is_truncated: receive_buffer::is_truncated(message.msg_hdr.msg_flags),
        }
    }

    /// Takes up to `max` messages from the socket, over those of last time.
    pub(crate) fn receive(
        &mut self,
        index: SocketIndex,
        socket: BorrowedFd<'_>,
        max: usize,
    ) -> io::Result<usize> {
        self.next = 0;
        self.filled = 0;
        let buffers = self.memory.chunks_exact_mut(BUFFER_BYTES);
        let entries = self.headers.iter_mut().zip(&mut self.vectors);
        for ((message, vector), buffer) in entries.zip(buffers).take(max) {
            let (head, payload) = buffer.split_at_mut(PAYLOAD_START);
            let (name, control) = head.split_at_mut(CONTROL.start);
            vector.iov_base = payload.as_mut_ptr().cast();
            vector.iov_len = payload.len();
            let header = &mut message.msg_hdr;
            header.msg_name = name[NAME].as_mut_ptr().cast();
            #[expect(clippy::cast_possible_truncation, reason = "32")]
            let name_room = NAME_ROOM_BYTES as libc::socklen_t;
            header.msg_namelen = name_room;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = control.len();
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_flags = 0;
        }
        let headers = &mut self.headers[..max.min(MESSAGES_MAX)];
        // SAFETY: the loop has just pointed each of these headers at its own vector and its own
        // part of `memory`, which `self` owns alone, with the lengths of those parts.
        let count = unsafe { receive_many(socket, headers)? };
        self.socket = index;
        self.filled = count;
        Ok(count)
    }
}
