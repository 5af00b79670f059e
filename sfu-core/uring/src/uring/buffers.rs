//! Receive buffers that the kernel picks from: a ring of offered ones, which we fill and it empties.
//!
//! ```text
//!        give_back           offer                a datagram comes            completion
//!  held ───────────► spare ─────────► in the ring ────────────────► kernel ──────────────► held
//! ```
//!
//! `HeldBuffer` stands for "held": it cannot be copied, and it is the only way to the bytes. The
//! kernel takes buffers in the order of the ring, so if all of them were offered it would go round
//! all of their memory. It is offered what one enter may take, and of the spare ones those used
//! last: they are still in the cache.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};
use std::io;

use io_uring::types::BufRingEntry;
use io_uring::{IoUring, cqueue};
use sfu_proto::limits::{DATAGRAM_BYTES_MAX, RECEIVED_PER_PASS_MAX};

use super::mapping::Mapping;
use crate::control_message::RECEIVE_CONTROL_BYTES;
use crate::receive_buffer::{BUFFER_BYTES, NAME_ROOM_BYTES, PAYLOAD_START};
use crate::system_call::empty_message;

/// As many as a pass takes. More would only let the kernel run further ahead of us, and each
/// costs cache; what finds none waits in the socket's own buffer.
pub(crate) const BUFFERS: u16 = 512;
pub(crate) const BUFFER_GROUP: u16 = 0;

const _: () = assert!(BUFFERS.is_power_of_two());
const _: () = assert!(BUFFERS as usize >= RECEIVED_PER_PASS_MAX);

/// A receive completes up to 32 times in an enter, and a little more often if packets come in the
/// meantime. A ring that runs dry ends the receive, which then has to be started anew.
const TAKEN_PER_SOCKET: u16 = 64;

fn offered_max(sockets: usize) -> u16 {
    let sockets = u16::try_from(sockets).unwrap_or(u16::MAX);
    TAKEN_PER_SOCKET
        .saturating_mul(sockets.saturating_add(1))
        .min(BUFFERS)
}

/// Takes the memory of one datagram now, 2 MiB for all buffers: else each would cost a page fault
/// when it is first used, and they are used in turn, so the first second of packets would pay.
fn touch_single(buffer: &mut [u8]) {
    for at in [0, PAYLOAD_START + DATAGRAM_BYTES_MAX] {
        // Not left out, though it changes nothing: the compiler does not know of page faults.
        core::hint::black_box(&mut *buffer)[at] = 0;
    }
}

/// A buffer that is ours at the moment.
#[derive(Debug)]
pub(crate) struct HeldBuffer(u16);

pub(crate) struct ReceiveBuffers {
    /// `BUFFERS` entries of 16 bytes; the last two bytes of the first are the tail.
    ring: Mapping,
    memory: Mapping,
    tail: u16,
    /// How many are in the ring, and how many there should be.
    offered: u16,
    offered_max: u16,
    /// Free, and not in the ring; the one used last is on top.
    spare: Vec<u16>,
    /// Tells a receive how much of each buffer is for the name and the control messages.
    template: Box<libc::msghdr>,
}

// SAFETY: `template` holds null pointers only.
unsafe impl Send for ReceiveBuffers {}

impl ReceiveBuffers {
    /// Takes the memory and makes it known to `ring`, for receives from so many sockets.
    ///
    /// # Safety
    ///
    /// Once anything has been pushed to `ring`, it must be dropped before these buffers: its
    /// receives write into them.
    pub(crate) unsafe fn register(ring: &IoUring, sockets: usize) -> io::Result<Self> {
        let entries = Mapping::new(usize::from(BUFFERS) * size_of::<BufRingEntry>())?;
        let memory = Mapping::new(usize::from(BUFFERS) * BUFFER_BYTES)?;
        // SAFETY: the mapping starts on a page and has room for `BUFFERS` entries; it lives as long
        // as the ring, by the caller's promise.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(
                entries.start().as_ptr() as u64,
                BUFFERS,
                BUFFER_GROUP,
                0,
            )?;
        }
        let mut template = Box::new(empty_message().msg_hdr);
        #[expect(clippy::cast_possible_truncation, reason = "32")]
        let name_room = NAME_ROOM_BYTES as libc::socklen_t;
        template.msg_namelen = name_room;
        template.msg_controllen = RECEIVE_CONTROL_BYTES;
        let mut buffers = Self {
            ring: entries,
            memory,
            tail: 0,
            offered: 0,
            offered_max: offered_max(sockets),
            spare: Vec::with_capacity(usize::from(BUFFERS)),
            template,
        };
        for index in 0..BUFFERS {
            let mut buffer = HeldBuffer(index);
            touch_single(buffers.bytes(&mut buffer));
            buffers.give_back(buffer);
        }
        Ok(buffers)
    }

    /// The header for multishot receives. It stays where it is for the life of `self`.
    pub(crate) fn template(&self) -> *const libc::msghdr {
        &raw const *self.template
    }

    /// The buffer that a completion hands over, if it does.
    pub(crate) fn claim(&mut self, completion: &cqueue::Entry) -> Option<HeldBuffer> {
        let index = cqueue::buffer_select(completion.flags())?;
        assert!(index < BUFFERS, "the kernel names buffer {index}");
        self.offered -= 1;
        Some(HeldBuffer(index))
    }

    pub(crate) fn any_free(&self) -> bool {
        self.offered > 0 || !self.spare.is_empty()
    }

    /// The whole buffer.
    pub(crate) fn bytes(&mut self, buffer: &mut HeldBuffer) -> &mut [u8] {
        let start = self.start_of(buffer.0);
        // SAFETY: within the mapping, since `claim` and `register` hold the index below `BUFFERS`.
        // The buffer is held, so it is not in the ring and the kernel does not write to it; and
        // `self` and `buffer` are borrowed, so nobody else has a reference to it.
        unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), BUFFER_BYTES) }
    }

    /// Done with: the kernel may have the buffer again.
    pub(crate) fn give_back(&mut self, buffer: HeldBuffer) {
        self.spare.push(buffer.0);
    }

    /// Fills the ring up with spare buffers.
    pub(crate) fn offer(&mut self) {
        if self.offered >= self.offered_max {
            return;
        }
        while self.offered < self.offered_max
            && let Some(index) = self.spare.pop()
        {
            self.write_entry(index);
            self.tail = self.tail.wrapping_add(1);
            self.offered += 1;
        }
        let first = self.ring.start().cast::<BufRingEntry>();
        // SAFETY: the first entry is in the mapping, and its tail is two bytes, aligned, which
        // the kernel reads and only we write. Release: it sees the entries before the tail.
        unsafe {
            let tail = BufRingEntry::tail(first.as_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }

    /// Writes the entry behind the tail.
    fn write_entry(&mut self, index: u16) {
        let address = self.start_of(index).as_ptr() as u64;
        let slot = usize::from(self.tail & (BUFFERS - 1));
        let first = self.ring.start().cast::<BufRingEntry>();
        // SAFETY: `slot` is below `BUFFERS`, for which the mapping has room, page-aligned. Fewer
        // than `BUFFERS` buffers are in the ring, since this one is not, so the kernel has emptied
        // this slot: it reads it again only after the tail has passed it. Entries are written
        // field by field, for the tail lies in the last two bytes of the first.
        unsafe {
            let entry = &mut *first.add(slot).as_ptr();
            entry.set_addr(address);
            #[expect(clippy::cast_possible_truncation, reason = "about 64 KiB")]
            entry.set_len(BUFFER_BYTES as u32);
            entry.set_bid(index);
        }
    }

    fn start_of(&self, index: u16) -> NonNull<u8> {
        // SAFETY: the mapping has room for `BUFFERS` buffers, and `index` is below that.
        unsafe { self.memory.start().add(usize::from(index) * BUFFER_BYTES) }
    }
}
