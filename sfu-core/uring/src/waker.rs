//! Ends a driver's wait from another thread.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

use crate::system_call;

/// Ends a driver's wait from another thread: the wait under way, or else the next one. Cheap to
/// clone; outliving the driver does no harm.
#[derive(Clone, Debug)]
pub struct Waker {
    /// An eventfd. Drivers poll it by edge, so nobody needs to read it back to zero.
    counter: Arc<File>,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            counter: Arc::new(system_call::event_counter()?),
        })
    }

    pub fn wake(&self) {
        // It fails only where the counter is at its end, 2^64 - 1 wakes from now.
        let _ = (&*self.counter).write(&1_u64.to_ne_bytes());
    }

    pub(crate) fn counter(&self) -> &File {
        &self.counter
    }
}
