//! Asking a publisher for a key frame: once for all who wait, and not more often than it can
//! answer.

use core::time::Duration;

use crate::time::Instant;

/// An encoder needs about this long to answer; asking more often only burns its bits.
const INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl KeyframeRequests {
    /// Somebody waits for a key frame.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// A key frame began: all who waited are served.
    pub(crate) fn satisfied(&mut self) {
        self.wanted = false;
    }

    /// Whether to send a request now.
    pub(crate) fn due(&mut self, now: Instant) -> bool {
        let rested = self
            .asked_at
            .is_none_or(|asked_at| now.since(asked_at) >= INTERVAL);
        if self.wanted && rested {
            self.asked_at = Some(now);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn a_hundred_who_wait_cost_one_request_each_half_second() {
        let mut requests = KeyframeRequests::default();
        let mut sent = 0;
        for ms in 0..1_000 {
            requests.want();
            sent += usize::from(requests.due(at(ms)));
        }
        assert_eq!(sent, 2);
    }

    #[test]
    fn a_key_frame_ends_the_wait_but_not_the_rest() {
        let mut requests = KeyframeRequests::default();
        requests.want();
        assert!(requests.due(at(0)));
        requests.satisfied();
        assert!(!requests.due(at(600)));
        requests.want();
        assert!(requests.due(at(601)));
        requests.satisfied();
        requests.want();
        assert!(!requests.due(at(700)));
        assert!(requests.due(at(1_101)));
    }
}
