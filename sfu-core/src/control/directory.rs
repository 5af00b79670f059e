//! Which worker has which meeting.

use std::collections::HashMap;

use sfu_proto::control::{Command, Order};
use sfu_proto::ids::MeetingId;

#[derive(Debug)]
pub(crate) struct Directory {
    workers: HashMap<MeetingId, usize>,
    /// Meetings on each worker.
    meetings: Vec<usize>,
}

impl Directory {
    pub(crate) fn new(worker_count: usize) -> Self {
        Self {
            workers: HashMap::new(),
            meetings: vec![0; worker_count],
        }
    }

    /// The worker of the order's meeting. A new meeting goes to the worker that has the fewest; a
    /// closed one is forgotten.
    pub(crate) fn worker_for(&mut self, order: &Order) -> Option<usize> {
        let known = self.workers.get(&order.meeting).copied();
        match (&order.command, known) {
            (Command::OpenMeeting, None) => {
                let (worker, count) = self
                    .meetings
                    .iter_mut()
                    .enumerate()
                    .min_by_key(|(_, count)| **count)?;
                *count += 1;
                self.workers.insert(order.meeting, worker);
                Some(worker)
            }
            (Command::CloseMeeting, Some(worker)) => {
                self.workers.remove(&order.meeting);
                self.meetings[worker] -= 1;
                Some(worker)
            }
            _ => known,
        }
    }

    pub(crate) fn worker_of(&self, meeting: MeetingId) -> Option<usize> {
        self.workers.get(&meeting).copied()
    }

    /// Everything on `worker` is gone.
    pub(crate) fn forget(&mut self, worker: usize) {
        self.workers.retain(|_, owner| *owner != worker);
        self.meetings[worker] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sfu_proto::ids::{Epoch, OperationId};

    fn order(meeting: u128, command: Command) -> Order {
        Order {
            operation: OperationId(0),
            meeting: MeetingId(meeting),
            epoch: Epoch(1),
            command,
        }
    }

    #[test]
    fn meetings_spread_and_stay() {
        let mut directory = Directory::new(2);
        assert_eq!(
            directory.worker_for(&order(1, Command::OpenMeeting)),
            Some(0)
        );
        assert_eq!(
            directory.worker_for(&order(2, Command::OpenMeeting)),
            Some(1)
        );
        assert_eq!(
            directory.worker_for(&order(1, Command::OpenMeeting)),
            Some(0)
        );
        assert_eq!(
            directory.worker_for(&order(1, Command::CloseMeeting)),
            Some(0)
        );
        assert_eq!(directory.worker_for(&order(1, Command::CloseMeeting)), None);
        assert_eq!(
            directory.worker_for(&order(3, Command::OpenMeeting)),
            Some(0)
        );
    }

    #[test]
    fn a_failed_worker_is_empty() {
        let mut directory = Directory::new(1);
        directory.worker_for(&order(1, Command::OpenMeeting));
        directory.forget(0);
        assert_eq!(directory.worker_of(MeetingId(1)), None);
    }
}
