//! Answers already given. The sidecar delivers at least once; what it repeats is answered from
//! here and not done again (DESIGN D9).

use std::collections::{HashMap, VecDeque};

use sfu_proto::control::Outcome;
use sfu_proto::ids::OperationId;

/// A sidecar repeats only what it had not seen answered when it lost the connection: its outbox
/// holds far less than this.
const ANSWERS_MAX: usize = 8_192;

#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// With the worker that gave it.
    outcomes: HashMap<OperationId, (usize, Outcome)>,
    oldest_first: VecDeque<OperationId>,
}

impl Answered {
    pub(crate) fn look_up(&self, operation: OperationId) -> Option<&Outcome> {
        self.outcomes.get(&operation).map(|(_, outcome)| outcome)
    }

    pub(crate) fn remember(&mut self, operation: OperationId, worker: usize, outcome: Outcome) {
        if self.outcomes.insert(operation, (worker, outcome)).is_some() {
            return;
        }
        self.oldest_first.push_back(operation);
        if self.oldest_first.len() > ANSWERS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
    }

    /// What `worker` had done is undone: a repeated order must be carried out again.
    pub(crate) fn forget(&mut self, worker: usize) {
        self.outcomes.retain(|_, (owner, _)| *owner != worker);
        let outcomes = &self.outcomes;
        self.oldest_first
            .retain(|operation| outcomes.contains_key(operation));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_no_more() {
        let mut answered = Answered::default();
        for operation in 0..=ANSWERS_MAX as u128 {
            answered.remember(OperationId(operation), 0, Outcome::Done);
        }
        assert_eq!(answered.look_up(OperationId(0)), None);
        assert_eq!(answered.look_up(OperationId(1)), Some(&Outcome::Done));
        assert_eq!(answered.outcomes.len(), ANSWERS_MAX);
    }

    #[test]
    fn what_a_failed_worker_did_is_not_done() {
        let mut answered = Answered::default();
        answered.remember(OperationId(1), 0, Outcome::Done);
        answered.remember(OperationId(2), 1, Outcome::Done);
        answered.forget(0);
        assert_eq!(answered.look_up(OperationId(1)), None);
        assert_eq!(answered.look_up(OperationId(2)), Some(&Outcome::Done));
    }
}
