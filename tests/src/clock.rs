//! Virtual time: it stands still until somebody moves it.

use core::time::Duration;

use sfu_proto::time::Instant;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: Instant,
}

impl Default for Clock {
    /// A second after the start of the core, so that there is a time before.
    fn default() -> Self {
        Self {
            now: Instant::default() + Duration::from_secs(1),
        }
    }
}

impl Clock {
    pub const fn now(self) -> Instant {
        self.now
    }

    /// Time never goes back: an event that is overdue happens now.
    pub fn advance_to(&mut self, then: Instant) {
        self.now = self.now.max(then);
    }
}
