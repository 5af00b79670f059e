//! Receive buffers that the kernel picks from: a ring of free ones, which we fill and it empties.
//!
//! ```text
//!          give_back                    a datagram comes            completion
//!  ours ──────────────► free, in ring ──────────────────► kernel ──────────────► ours
//! ```
//!
//! A buffer is ours from its completion until `give_back`, and the kernel's at all other times.
//! `HeldBuffer` stands for "ours": it cannot be copied, and it is the only way to the bytes.

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
    held: u16,
    /// Tells a receive how much of each buffer is for the name and the control messages.
    template: Box<libc::msghdr>,
}

// SAFETY: `template` holds null pointers only.
unsafe impl Send for ReceiveBuffers {}

impl ReceiveBuffers {
    /// Takes the memory and makes it known to `ring`, all of it free.
    ///
    /// # Safety
    ///
    /// Once anything has been pushed to `ring`, it must be dropped before these buffers: its
    /// receives write into them.
    pub(crate) unsafe fn register(ring: &IoUring) -> io::Result<Self> {
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
            held: BUFFERS,
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
        self.held += 1;
        Some(HeldBuffer(index))
    }

    pub(crate) fn any_free(&self) -> bool {
        self.held < BUFFERS
    }

    /// The whole buffer.
    pub(crate) fn bytes(&mut self, buffer: &mut HeldBuffer) -> &mut [u8] {
        let start = self.start_of(buffer.0);
        // SAFETY: within the mapping, since `claim` and `register` hold the index below `BUFFERS`.
        // The buffer is held, so it is not in the ring and the kernel does not write to it; and
        // `self` and `buffer` are borrowed, so nobody else has a reference to it.
        unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), BUFFER_BYTES) }
    }

    /// Lets the kernel have the buffer again.
    pub(crate) fn give_back(&mut self, buffer: HeldBuffer) {
        let address = self.start_of(buffer.0).as_ptr() as u64;
        let slot = usize::from(self.tail & (BUFFERS - 1));
        let first = self.ring.start().cast::<BufRingEntry>();
        // SAFETY: `slot` is below `BUFFERS`, for which the mapping has room, page-aligned. At most
        // `BUFFERS` buffers exist, so the kernel has emptied this slot: it reads it again only
        // after the tail has passed it. Entries are written field by field, for the tail lies in
        // the last two bytes of the first.
        unsafe {
            let entry = &mut *first.add(slot).as_ptr();
            entry.set_addr(address);
            #[expect(clippy::cast_possible_truncation, reason = "about 64 KiB")]
            entry.set_len(BUFFER_BYTES as u32);
            entry.set_bid(buffer.0);
        }
        self.tail = self.tail.wrapping_add(1);
        self.held -= 1;
        // SAFETY: the first entry is in the mapping, and its tail is two bytes, aligned, which
        // the kernel reads and only we write. Release: it sees the entry before the tail.
        unsafe {
            let tail = BufRingEntry::tail(first.as_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }

    fn start_of(&self, index: u16) -> NonNull<u8> {
        // SAFETY: the mapping has room for `BUFFERS` buffers, and `index` is below that.
        unsafe { self.memory.start().add(usize::from(index) * BUFFER_BYTES) }
    }
}
