//! Orders that wait for their worker's answer. One that is repeated meanwhile is not posted again;
//! its answer goes to whoever asked last.

use std::collections::HashMap;

use sfu_proto::control::{Outcome, Refusal};
use sfu_proto::ids::OperationId;

use super::directory::Place;
use crate::control_socket::ConnectionId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posted {
    pub(super) place: Place,
    pub(super) asker: ConnectionId,
    /// Workers that have not answered yet.
    pub(super) waiting: Vec<usize>,
    /// What the others have said, joined into one.
    pub(super) outcome: Option<Outcome>,
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

    /// Takes a worker's answer; gives the order and what became of it, once all have answered.
    pub(super) fn answer(
        &mut self,
        operation: OperationId,
        worker: usize,
        outcome: Outcome,
    ) -> Option<(Posted, Outcome)> {
        let posted = self.orders.get_mut(&operation)?;
        posted.waiting.retain(|waiting| *waiting != worker);
        let outcome = join(posted.outcome.take(), outcome);
        if posted.waiting.is_empty() {
            return Some((self.orders.remove(&operation)?, outcome));
        }
        posted.outcome = Some(outcome);
        None
    }

    /// A worker has failed: nobody answers these any more.
    pub(super) fn forget(&mut self, worker: usize) -> Vec<Place> {
        self.orders
            .extract_if(|_, posted| posted.waiting.contains(&worker))
            .map(|(_, posted)| posted.place)
            .collect()
    }
}

/// What becomes of an order for several parts of a meeting: done where all have done it. A part
/// that is not there has nothing to do.
fn join(former: Option<Outcome>, new: Outcome) -> Outcome {
    const NOT_THERE: Outcome = Outcome::Refused(Refusal::NoSuchMeeting);
    match former {
        None | Some(NOT_THERE) => new,
        Some(refused @ Outcome::Refused(_)) => refused,
        Some(done) if new == NOT_THERE => done,
        Some(_) => new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_must_have_done_it_who_are_there() {
        let not_there = || Outcome::Refused(Refusal::NoSuchMeeting);
        let refused = || Outcome::Refused(Refusal::NoSuchSession);
        for (answers, joined) in [
            (vec![Outcome::Done], Outcome::Done),
            (vec![not_there()], not_there()),
            (vec![Outcome::Done, not_there()], Outcome::Done),
            (vec![not_there(), Outcome::Done], Outcome::Done),
            (vec![refused(), Outcome::Done, not_there()], refused()),
            (vec![Outcome::Done, refused()], refused()),
        ] {
            let said = answers.clone();
            let all = answers
                .into_iter()
                .fold(None, |all, it| Some(join(all, it)));
            assert_eq!(all, Some(joined), "{said:?}");
        }
    }
}
