//! Orders that wait for their worker's answer. One that is repeated meanwhile is not posted again;
//! its answer goes to whoever asked last.

use std::collections::HashMap;

use sfu_proto::ids::OperationId;

use super::directory::Place;
use crate::control_socket::ConnectionId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posted {
    pub(super) place: Place,
    pub(super) asker: ConnectionId,
}

/// As many as wait in mailboxes and on the way back, all of which are bounded.
#[derive(Debug, Default)]
pub(super) struct Pending {
    orders: HashMap<OperationId, Posted>,
}

impl Pending {
    /// True if the order waits already.
    pub(super) fn ask_again(&mut self, operation: OperationId, asker: ConnectionId) -> bool {
        let posted = self.orders.get_mut(&operation);
        posted.map(|posted| posted.asker = asker).is_some()
    }

    pub(super) fn insert(&mut self, operation: OperationId, posted: Posted) {
        self.orders.insert(operation, posted);
    }

    pub(super) fn remove(&mut self, operation: OperationId) -> Option<Posted> {
        self.orders.remove(&operation)
    }

    /// A worker has failed: nobody answers these any more.
    pub(super) fn forget(&mut self, worker: usize) {
        self.orders
            .retain(|_, posted| posted.place.worker != worker);
    }
}
