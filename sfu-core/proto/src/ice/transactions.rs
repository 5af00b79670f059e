//! The last checks that were answered. STUN carries nothing that tells a fresh message from a
//! recorded one, but a transaction id is used for one request (RFC 8489 §5), from one address:
//! the same id from elsewhere is a replay.

use crate::packet::Route;
use crate::stun::TransactionId;

/// A browser checks a pair in use every 2.5 to 5 seconds, so this is a minute or more; in the first
/// second, with every pair being checked, it is that second. What is older and comes again moves
/// traffic for as long as it takes the true sender to check once more.
const REMEMBERED: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Never,
    /// A retransmission: its answer was lost, or it was (RFC 8489 §6.3.1).
    SameRoute,
    OtherRoute,
}

#[derive(Debug)]
pub(super) struct RecentTransactions {
    ring: [Option<(TransactionId, Route)>; REMEMBERED],
    next: usize,
}

impl RecentTransactions {
    pub(super) fn new() -> Self {
        Self {
            ring: [None; REMEMBERED],
            next: 0,
        }
    }

    pub(super) fn look_up(&self, id: TransactionId, route: Route) -> Seen {
        match self.ring.iter().flatten().find(|(seen, _)| *seen == id) {
            None => Seen::Never,
            Some((_, from)) if *from == route => Seen::SameRoute,
            Some(_) => Seen::OtherRoute,
        }
    }

    /// Remembers an id that `look_up` did not find.
    pub(super) fn remember(&mut self, id: TransactionId, route: Route) {
        self.ring[self.next % REMEMBERED] = Some((id, route));
        self.next = (self.next + 1) % REMEMBERED;
    }
}
