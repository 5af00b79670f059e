//! A bounded ring with one writer and one reader. Positions only rise; a slot is at its position
//! modulo the capacity.
//!
//! ```text
//!            head                    tail
//!             │ published: reader's   │ free or being written: writer's
//!  … ─────────┴───────────────────────┴─────────────────── … (head + capacity)
//! ```
//!
//! Each end keeps the other's position as it last saw it, so that a batch costs one exchange of
//! cache lines and not one a packet.

use super::sync::{Arc, AtomicUsize, Ordering, UnsafeCell};

/// Apart from its neighbour by two cache lines, which is what processors fetch at once.
#[derive(Debug)]
#[repr(align(128))]
struct Apart(AtomicUsize);

struct Ring<T> {
    /// A power of two.
    slots: Box<[UnsafeCell<T>]>,
    /// The first position that the reader has not done with. Only the reader writes it.
    head: Apart,
    /// The first position that is not published. Only the writer writes it.
    tail: Apart,
}

impl<T> core::fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

// SAFETY: a slot is reached by one end at a time. The writer touches only positions from `tail` to
// `head + capacity`, the reader only those from `head` to `tail`; each end moves its own position by
// a release store after its last access, and the other end reads it by an acquire load before its
// first. There is one of each end, and neither can be cloned.
unsafe impl<T: Send> Sync for Ring<T> {}

#[derive(Debug)]
pub(crate) struct Writer<T> {
    ring: Arc<Ring<T>>,
    /// The next position to write.
    next: usize,
    published: usize,
    /// `head` as it was last seen.
    head: usize,
}

#[derive(Debug)]
pub(crate) struct Reader<T> {
    ring: Arc<Ring<T>>,
    /// The next position to read.
    next: usize,
}

/// A ring of `capacity` slots, a power of two.
pub(crate) fn ring<T: Default>(capacity: usize) -> (Writer<T>, Reader<T>) {
    assert!(capacity.is_power_of_two());
    let slots = core::iter::repeat_with(|| UnsafeCell::new(T::default()));
    let ring = Arc::new(Ring {
        slots: slots.take(capacity).collect(),
        head: Apart(AtomicUsize::new(0)),
        tail: Apart(AtomicUsize::new(0)),
    });
    let writer = Writer {
        ring: Arc::clone(&ring),
        next: 0,
        published: 0,
        head: 0,
    };
    (writer, Reader { ring, next: 0 })
}

impl<T> Writer<T> {
    /// Lets `write` fill the next slot; false if there is none. The reader sees it once it is
    /// published.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut T)) -> bool {
        let capacity = self.ring.slots.len();
        if self.next.wrapping_sub(self.head) == capacity {
            self.head = self.ring.head.0.load(Ordering::Acquire);
            if self.next.wrapping_sub(self.head) == capacity {
                return false;
            }
        }
        let slot = &self.ring.slots[self.next & (capacity - 1)];
        slot.with_mut(|slot| {
            // SAFETY: the position is not published and less than `head + capacity`: the reader is
            // done with the slot, and will not touch it until `tail` has passed it.
            write(unsafe { &mut *slot });
        });
        self.next = self.next.wrapping_add(1);
        true
    }

    /// Shows the reader all that was pushed; says whether there was anything.
    pub(crate) fn publish(&mut self) -> bool {
        if self.published == self.next {
            return false;
        }
        self.published = self.next;
        self.ring.tail.0.store(self.next, Ordering::Release);
        true
    }
}

impl<T> Reader<T> {
    /// Hands at most `max` slots to `each` and gives them back together; says how many.
    pub(crate) fn take(&mut self, max: usize, mut each: impl FnMut(&T)) -> usize {
        let tail = self.ring.tail.0.load(Ordering::Acquire);
        let count = tail.wrapping_sub(self.next).min(max);
        for offset in 0..count {
            let position = self.next.wrapping_add(offset);
            let slot = &self.ring.slots[position & (self.ring.slots.len() - 1)];
            slot.with(|slot| {
                // SAFETY: the position is published and `head` has not passed it: the writer is done
                // with the slot, and will not touch it until then.
                each(unsafe { &*slot });
            });
        }
        if count > 0 {
            self.next = self.next.wrapping_add(count);
            self.ring.head.0.store(self.next, Ordering::Release);
        }
        count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.tail.0.load(Ordering::Acquire) == self.next
    }
}
