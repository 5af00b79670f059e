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
    outcomes: HashMap<OperationId, Outcome>,
    oldest_first: VecDeque<OperationId>,
}

impl Answered {
    pub(crate) fn look_up(&self, operation: OperationId) -> Option<&Outcome> {
        self.outcomes.get(&operation)
    }

    pub(crate) fn remember(&mut self, operation: OperationId, outcome: Outcome) {
        if self.outcomes.insert(operation, outcome).is_some() {
            return;
        }
        self.oldest_first.push_back(operation);
        if self.oldest_first.len() > ANSWERS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_no_more() {
        let mut answered = Answered::default();
        for operation in 0..=ANSWERS_MAX as u128 {
            answered.remember(OperationId(operation), Outcome::Done);
        }
        assert_eq!(answered.look_up(OperationId(0)), None);
        assert_eq!(answered.look_up(OperationId(1)), Some(&Outcome::Done));
        assert_eq!(answered.outcomes.len(), ANSWERS_MAX);
    }
}
