//! What a ring may do once it is enabled: the operations that the driver uses, and no other. A ring
//! can otherwise open files and start connections past a seccomp filter, so whoever takes over the
//! worker would have all of io_uring at hand.

use std::io;

use io_uring::register::Restriction;
use io_uring::{IoUring, opcode, squeue};

/// `IORING_REGISTER_SYNC_CANCEL` of `linux/io_uring.h`: how a driver that is dropped ends its
/// receives. All other registering is done before the ring is enabled.
const REGISTER_SYNC_CANCEL: u8 = 24;

/// Tells the kernel before the ring is enabled; it holds from then on, for good.
pub(crate) fn apply(ring: &IoUring) -> io::Result<()> {
    let fixed_file = squeue::Flags::FIXED_FILE;
    let allowed = fixed_file | squeue::Flags::BUFFER_SELECT | squeue::Flags::SKIP_SUCCESS;
    ring.submitter().register_restrictions(&mut [
        Restriction::register_op(REGISTER_SYNC_CANCEL),
        Restriction::sqe_op(opcode::Send::CODE),
        Restriction::sqe_op(opcode::SendMsg::CODE),
        Restriction::sqe_op(opcode::RecvMsgMulti::CODE),
        Restriction::sqe_op(opcode::PollAdd::CODE),
        Restriction::sqe_flags_allowed(allowed.bits()),
        // Only the sockets that were registered at the start, never a descriptor by its number.
        Restriction::sqe_flags_required(fixed_file.bits()),
    ])
}
