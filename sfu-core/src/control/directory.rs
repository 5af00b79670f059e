//! Which worker has which meeting, as the workers' answers say it. An order that a worker has not
//! answered yet changes nothing but this: a meeting on its way to a worker already has that one.

use std::collections::HashMap;

use sfu_proto::control::{Command, Order, Outcome};
use sfu_proto::ids::MeetingId;

use crate::mailbox::Mailbox;

/// What an order does here once it is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Open,
    Close,
    Nothing,
}

impl Change {
    fn of(command: &Command) -> Self {
        match command {
            Command::OpenMeeting => Self::Open,
            Command::CloseMeeting => Self::Close,
            _ => Self::Nothing,
        }
    }
}

/// Where an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) worker: usize,
    meeting: MeetingId,
    change: Change,
}

#[derive(Debug)]
struct Home {
    worker: usize,
    is_open: bool,
    /// Orders to open it that wait for their answer. They keep the home.
    opening: usize,
}

/// Lost meetings remembered: those of several full workers. More are placed as if they were new.
const LOST_MAX: usize = 4 * sfu_proto::limits::MEETINGS_PER_WORKER_MAX;

#[derive(Debug)]
pub(super) struct Directory {
    homes: HashMap<MeetingId, Home>,
    /// Meetings on each worker.
    counts: Vec<usize>,
    /// Workers that have not failed, or have begun anew since.
    is_up: Vec<bool>,
    /// Where meetings were that a worker has lost. One of them may be why it failed: it must not go
    /// from worker to worker and take the others' meetings with it.
    lost: HashMap<MeetingId, usize>,
}

impl Directory {
    pub(super) fn new(worker_count: usize) -> Self {
        Self {
            homes: HashMap::new(),
            counts: vec![0; worker_count],
            is_up: vec![true; worker_count],
            lost: HashMap::new(),
        }
    }

    /// Where the order goes; a new meeting, to the worker that has the fewest. Every place must be
    /// settled.
    pub(super) fn place(&mut self, order: &Order) -> Option<Place> {
        let change = Change::of(&order.command);
        if change == Change::Open && !self.homes.contains_key(&order.meeting) {
            let worker = match self.lost.get(&order.meeting) {
                Some(former) => *former,
                None => self.emptiest()?,
            };
            self.counts[worker] += 1;
            let home = Home {
                worker,
                is_open: false,
                opening: 0,
            };
            self.homes.insert(order.meeting, home);
        }
        let home = self.homes.get_mut(&order.meeting)?;
        home.opening += usize::from(change == Change::Open);
        Some(Place {
            worker: home.worker,
            meeting: order.meeting,
            change,
        })
    }

    /// What became of the order.
    pub(super) fn settle(&mut self, place: Place, outcome: &Outcome) {
        let Some(home) = self.homes.get_mut(&place.meeting) else {
            return;
        };
        let is_done = !matches!(outcome, Outcome::Refused(_));
        match place.change {
            Change::Open => {
                home.opening -= 1;
                home.is_open |= is_done;
            }
            Change::Close => home.is_open &= !is_done,
            Change::Nothing => {}
        }
        if place.change == Change::Close && is_done {
            self.lost.remove(&place.meeting);
        }
        if !home.is_open && home.opening == 0 {
            self.counts[home.worker] -= 1;
            self.homes.remove(&place.meeting);
        }
    }

    /// Workers that are up come first. If none is, the meeting waits in a mailbox.
    fn emptiest(&self) -> Option<usize> {
        (0..self.counts.len()).min_by_key(|worker| (!self.is_up[*worker], self.counts[*worker]))
    }

    /// The workers that can be asked; on the others there is nothing.
    pub(super) fn up<'a>(
        &'a self,
        workers: &'a [Mailbox],
    ) -> impl Iterator<Item = (usize, &'a Mailbox)> {
        let all = workers.iter().enumerate();
        all.filter(|(worker, _)| self.is_up[*worker])
    }

    /// Everything on `worker` is gone, what was on its way there, too.
    pub(super) fn fail(&mut self, worker: usize) {
        let lost = self.homes.extract_if(|_, home| home.worker == worker);
        for (meeting, _) in lost.take(LOST_MAX) {
            if self.lost.len() < LOST_MAX {
                self.lost.insert(meeting, worker);
            }
        }
        self.homes.retain(|_, home| home.worker != worker);
        self.counts[worker] = 0;
        self.is_up[worker] = false;
    }

    pub(super) fn begin(&mut self, worker: usize) {
        self.is_up[worker] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sfu_proto::control::Refusal;
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
    fn a_lost_meeting_goes_back_to_its_worker_until_it_is_closed() {
        let mut directory = Directory::new(2);
        let opened = place(&mut directory, 1, Command::OpenMeeting).unwrap();
        assert_eq!(opened.worker, 0);
        directory.settle(opened, &Outcome::Done);
        directory.fail(0);
        let again = place(&mut directory, 1, Command::OpenMeeting).unwrap();
        assert_eq!(again.worker, 0);
        directory.settle(again, &Outcome::Done);
        let other = place(&mut directory, 2, Command::OpenMeeting).unwrap();
        assert_eq!(other.worker, 1);
        let closed = place(&mut directory, 1, Command::CloseMeeting).unwrap();
        directory.settle(closed, &Outcome::Done);
        assert!(directory.lost.is_empty());
    }

    fn place(directory: &mut Directory, meeting: u128, command: Command) -> Option<Place> {
        directory.place(&order(meeting, command))
    }

    fn open(directory: &mut Directory, meeting: u128) -> usize {
        let place = place(directory, meeting, Command::OpenMeeting).unwrap();
        directory.settle(place, &Outcome::Done);
        place.worker
    }

    const REFUSED: Outcome = Outcome::Refused(Refusal::NoSuchSession);

    #[test]
    fn meetings_spread_and_stay() {
        let mut directory = Directory::new(2);
        assert_eq!(open(&mut directory, 1), 0);
        assert_eq!(open(&mut directory, 2), 1);
        assert_eq!(open(&mut directory, 1), 0);
        let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
        directory.settle(close, &Outcome::Done);
        assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
        assert_eq!(open(&mut directory, 3), 0);
    }

    #[test]
    fn a_meeting_on_its_way_takes_orders_and_is_forgotten_if_refused() {
        let mut directory = Directory::new(2);
        let first = place(&mut directory, 1, Command::OpenMeeting).unwrap();
        let second = place(&mut directory, 1, Command::OpenMeeting).unwrap();
        assert_eq!(first, second);
        directory.settle(first, &REFUSED);
        assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
        directory.settle(second, &REFUSED);
        assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
        assert_eq!(directory.counts, [0, 0]);
    }

    #[test]
    fn a_meeting_that_was_not_closed_is_still_there() {
        let mut directory = Directory::new(1);
        open(&mut directory, 1);
        let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
        directory.settle(close, &REFUSED);
        assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
    }

    #[test]
    fn one_that_is_opened_again_while_it_closes_stays() {
        let mut directory = Directory::new(1);
        open(&mut directory, 1);
        let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
        let again = place(&mut directory, 1, Command::OpenMeeting).unwrap();
        directory.settle(close, &Outcome::Done);
        directory.settle(again, &Outcome::Done);
        assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
    }

    #[test]
    fn a_failed_worker_is_empty_and_is_spared_until_it_begins_anew() {
        let mut directory = Directory::new(2);
        open(&mut directory, 1);
        open(&mut directory, 2);
        directory.fail(0);
        assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
        assert_eq!(open(&mut directory, 3), 1);
        directory.fail(1);
        assert_eq!(directory.counts, [0, 0]);
        // There is no other: the order waits for the worker.
        assert_eq!(open(&mut directory, 4), 0);
        directory.begin(1);
        assert_eq!(open(&mut directory, 5), 1);
    }
}
