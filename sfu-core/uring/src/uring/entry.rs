//! The entries that the driver pushes. Each names its socket by its place among the registered ones.

use io_uring::{opcode, squeue, types};
use sfu_proto::packet::SocketIndex;

use super::buffers::BUFFER_GROUP;
use super::operation::Operation;
use crate::send_headers::Outbound;

/// A send that is over when the enter is.
///
/// `MSG_DONTWAIT` sets REQ_F_NOWAIT in the kernel: a send that cannot go at once fails with EAGAIN,
/// where it would else be parked with its pointers until the socket has room. The entry has no
/// flag that hands it to a kernel thread (ASYNC, DRAIN, LINK) either, UDP copies the payload, and
/// header and control bytes are read before the send. So the kernel holds no pointer of ours past
/// the enter. `tests/drivers/{reuse,exhaustion}.rs` would see it if that ever changed.
pub(super) fn send_entry(socket: SocketIndex, message: Outbound, index: u32) -> squeue::Entry {
    let socket = types::Fixed(u32::from(socket.0));
    let entry = match message {
        Outbound::Single {
            bytes,
            len,
            name,
            name_len,
        } => opcode::Send::new(socket, bytes, len)
            .flags(libc::MSG_DONTWAIT)
            .dest_addr(name)
            .dest_addr_len(name_len)
            .build(),
        Outbound::Train(header) => opcode::SendMsg::new(socket, header)
            .flags(libc::MSG_DONTWAIT.cast_unsigned())
            .build(),
    };
    entry
        .flags(squeue::Flags::SKIP_SUCCESS)
        .user_data(Operation::Send(index).encode())
}

pub(super) fn receive_entry(socket: SocketIndex, template: *const libc::msghdr) -> squeue::Entry {
    opcode::RecvMsgMulti::new(types::Fixed(u32::from(socket.0)), template, BUFFER_GROUP)
        .build()
        .user_data(Operation::Receive(socket).encode())
}

pub(super) fn poll_entry(index: usize) -> squeue::Entry {
    // At most 256 sockets.
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let readable = u32::from(libc::POLLIN.cast_unsigned());
    opcode::PollAdd::new(types::Fixed(index), readable)
        .multi(true)
        .build()
        .user_data(Operation::Wake.encode())
}
