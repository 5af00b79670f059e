//! Whether a reader may be asleep. A writer that has published looks at it, and spares the system
//! call of a wake-up while the reader is at work.
//!
//! ```text
//!  reader: is_asleep = true; fence; nothing published? then sleep
//!  writer: publish;          fence; is_asleep?         then wake
//! ```
//!
//! The two fences forbid that both look first and act afterwards: one of them sees the other's word.

use super::sync::{AtomicBool, Ordering, fence};

/// One for each reader, shared by all who write to it.
#[derive(Debug)]
pub struct Doze {
    is_asleep: AtomicBool,
}

impl Default for Doze {
    /// The reader is awake.
    fn default() -> Self {
        Self {
            is_asleep: AtomicBool::new(false),
        }
    }
}

impl Doze {
    /// The reader is about to wait, if `is_idle` finds nothing published. Says whether it may: then
    /// whoever publishes from now on wakes it.
    pub fn lie_down(&self, is_idle: impl FnOnce() -> bool) -> bool {
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let may_sleep = is_idle();
        if !may_sleep {
            self.get_up();
        }
        may_sleep
    }

    /// The reader is back from its wait.
    pub fn get_up(&self) {
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    /// A writer has published. True for one of those who come while the reader may be asleep: that
    /// one must wake it.
    pub fn must_be_woken(&self) -> bool {
        fence(Ordering::SeqCst);
        self.is_asleep.load(Ordering::Relaxed) && self.is_asleep.swap(false, Ordering::Relaxed)
    }
}
