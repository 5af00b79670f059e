//! Which workers have which meeting, as the workers' answers say it. An order that a worker has not
//! answered yet changes nothing but this: a meeting on its way to a worker already has that one.
//!
//! A large meeting has parts on several workers (DESIGN D3). The first of them is its home.

use std::collections::HashMap;

use sfu_proto::control::{Command, Order, Outcome, Refusal, Source};
use sfu_proto::ids::{Epoch, MeetingId, ParticipantId, SessionId};

use crate::mailbox::Mailbox;

/// What an order does here once it is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Open,
    Close,
    Seat(SessionId),
    Mute(ParticipantId, Source, bool),
    Nothing,
}

impl Change {
    fn of(command: &Command) -> Self {
        match command {
            Command::OpenMeeting => Self::Open,
            Command::CloseMeeting => Self::Close,
            Command::OpenSession { session, .. } => Self::Seat(*session),
            Command::Mute {
                participant,
                source,
                muted,
            } => Self::Mute(*participant, *source, *muted),
            Command::RestartIce { .. } | Command::CloseSession { .. } | Command::Watch { .. } => {
                Self::Nothing
            }
        }
    }
}

/// Where an order goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// One, or for an order about a whole meeting each of its parts. Never none.
    pub(super) workers: Vec<usize>,
    pub(super) meeting: MeetingId,
    pub(super) change: Change,
}

#[derive(Debug)]
pub(super) struct Home {
    /// The home, then the workers to which the meeting has spread.
    parts: Vec<usize>,
    is_open: bool,
    /// Orders to open it that wait for their answer. They keep the home.
    opening: usize,
    /// The highest that was seen. A part may not have seen it.
    pub(super) epoch: Epoch,
    /// What a further part must know.
    pub(super) muted: Vec<(ParticipantId, Source)>,
}

impl Home {
    /// The home itself comes first.
    pub(super) fn parts(&self) -> &[usize] {
        &self.parts
    }
}

/// Lost meetings remembered: those of several full workers. More are placed as if they were new.
const LOST_MAX: usize = 4 * sfu_proto::limits::MEETINGS_PER_WORKER_MAX;

#[derive(Debug)]
pub(super) struct Directory {
    homes: HashMap<MeetingId, Home>,
    /// Meetings and parts of meetings on each worker.
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

    /// Where the order goes; a new meeting, to the worker that has the fewest. One about a session
    /// goes to the meeting's home, if the caller does not know better. Every place must be settled.
    pub(super) fn place(&mut self, order: &Order) -> Result<Place, Refusal> {
        let change = Change::of(&order.command);
        if change == Change::Open && !self.homes.contains_key(&order.meeting) {
            let worker = match self.lost.get(&order.meeting) {
                Some(former) => *former,
                None => self.emptiest().ok_or(Refusal::NoSuchMeeting)?,
            };
            self.counts[worker] += 1;
            let home = Home {
                parts: vec![worker],
                is_open: false,
                opening: 0,
                epoch: order.epoch,
                muted: Vec::new(),
            };
            self.homes.insert(order.meeting, home);
        }
        let home = self
            .homes
            .get_mut(&order.meeting)
            .ok_or(Refusal::NoSuchMeeting)?;
        if home.parts.len() > 1 && order.epoch < home.epoch {
            // Each part knows only the orders that went there.
            return Err(Refusal::OldEpoch {
                got: order.epoch,
                current: home.epoch,
            });
        }
        home.epoch = home.epoch.max(order.epoch);
        home.opening += usize::from(change == Change::Open);
        let workers = match change {
            Change::Close | Change::Mute(..) => home.parts.clone(),
            Change::Open | Change::Seat(_) | Change::Nothing => vec![home.parts[0]],
        };
        Ok(Place {
            workers,
            meeting: order.meeting,
            change,
        })
    }

    /// What became of the order.
    pub(super) fn settle(&mut self, place: &Place, outcome: &Outcome) {
        let Some(home) = self.homes.get_mut(&place.meeting) else {
            return;
        };
        let is_done = !matches!(outcome, Outcome::Refused(_));
        match place.change {
            Change::Open => {
                home.opening -= 1;
                home.is_open |= is_done;
            }
            Change::Close if is_done => {
                home.is_open = false;
                for part in home.parts.drain(1..) {
                    self.counts[part] -= 1;
                }
                self.lost.remove(&place.meeting);
            }
            Change::Mute(who, what, muted) if is_done => {
                home.muted.retain(|entry| *entry != (who, what));
                if muted {
                    home.muted.push((who, what));
                }
            }
            Change::Close | Change::Mute(..) | Change::Seat(_) | Change::Nothing => {}
        }
        if !home.is_open && home.opening == 0 {
            for part in &home.parts {
                self.counts[*part] -= 1;
            }
            self.homes.remove(&place.meeting);
        }
    }

    pub(super) fn home(&self, meeting: MeetingId) -> Option<&Home> {
        self.homes.get(&meeting)
    }

    /// The meeting has a part on `worker`, too.
    pub(super) fn add_part(&mut self, meeting: MeetingId, worker: usize) {
        if let Some(home) = self.homes.get_mut(&meeting)
            && !home.parts.contains(&worker)
        {
            home.parts.push(worker);
            self.counts[worker] += 1;
        }
    }

    /// Workers that are up come first. If none is, the meeting waits in a mailbox.
    fn emptiest(&self) -> Option<usize> {
        (0..self.counts.len()).min_by_key(|worker| (!self.is_up[*worker], self.counts[*worker]))
    }

    /// Meetings and parts of meetings on `worker`, if it is up.
    pub(super) fn count_on(&self, worker: usize) -> Option<usize> {
        self.is_up[worker].then_some(self.counts[worker])
    }

    /// The workers that can be asked; on the others there is nothing.
    pub(super) fn up<'a>(
        &'a self,
        workers: &'a [Mailbox],
    ) -> impl Iterator<Item = (usize, &'a Mailbox)> {
        let all = workers.iter().enumerate();
        all.filter(|(worker, _)| self.is_up[*worker])
    }

    /// Everything on `worker` is gone, what was on its way there, too. Gives the meetings that live
    /// on in other parts; the first of them is the home now.
    pub(super) fn fail(&mut self, worker: usize) -> Vec<MeetingId> {
        let mut survivors = Vec::new();
        for (meeting, home) in &mut self.homes {
            let parts = home.parts.len();
            home.parts.retain(|part| *part != worker);
            if home.parts.is_empty() {
                if self.lost.len() < LOST_MAX {
                    self.lost.insert(*meeting, worker);
                }
            } else if home.parts.len() < parts {
                survivors.push(*meeting);
            }
        }
        self.homes.retain(|_, home| !home.parts.is_empty());
        self.counts[worker] = 0;
        self.is_up[worker] = false;
        survivors
    }

    pub(super) fn begin(&mut self, worker: usize) {
        self.is_up[worker] = true;
    }
}

#[cfg(test)]
mod tests;
