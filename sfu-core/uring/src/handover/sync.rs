//! The primitives of `ring` and `doze`. The loom test puts its own in their place.

pub(super) use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
pub(super) use std::sync::Arc;

/// `core`'s cell with loom's interface, which sees each access begin and end.
#[derive(Debug)]
pub(super) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    pub(super) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub(super) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
