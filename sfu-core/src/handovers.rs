//! A worker's ends of the rings to the others, over which parts of large meetings hand each other
//! their media (DESIGN D3). Without such a meeting there is none, and nothing is looked at.

use std::sync::Arc;
use std::time::Duration;

use sfu_proto::limits::RECEIVED_PER_PASS_MAX;
use sfu_proto::shard::{Handover, Shard};
use sfu_proto::time::Instant;
use sfu_uring::{Doze, HandoverReceiver, HandoverSender, handover};

use crate::mailbox::Mailbox;

/// Both ways between this worker and another.
#[derive(Debug)]
pub(crate) struct Way {
    sender: HandoverSender,
    receiver: HandoverReceiver,
    /// Whom to wake.
    other: Mailbox,
}

impl Way {
    /// The ends of worker `a` and of worker `b`.
    pub(crate) fn pair(a: &Mailbox, b: &Mailbox) -> (Self, Self) {
        let (to_b, from_a) = handover();
        let (to_a, from_b) = handover();
        let end = |sender, receiver, other: &Mailbox| Self {
            sender,
            receiver,
            other: other.clone(),
        };
        (end(to_b, from_b, b), end(to_a, from_a, a))
    }
}

#[derive(Debug)]
pub(crate) struct Handovers {
    doze: Arc<Doze>,
    ways: Vec<(u8, Way)>,
    /// Who is asked first: each in turn, so that none waits for ever behind a busy one.
    first: usize,
}

impl Handovers {
    pub(crate) fn new(doze: Arc<Doze>) -> Self {
        Self {
            doze,
            ways: Vec::new(),
            first: 0,
        }
    }

    /// A way to `worker`; one to its former life is dropped.
    pub(crate) fn join(&mut self, worker: usize, way: Way) {
        // Who is part of a spread meeting has a number (`control/spreading.rs`).
        if let Ok(worker) = u8::try_from(worker) {
            self.ways.retain(|(known, _)| *known != worker);
            self.ways.push((worker, way));
        }
    }

    /// Gives the shard what others have handed over, in all no more than one pass takes.
    pub(crate) fn receive(&mut self, now: Instant, shard: &mut Shard) {
        let mut room = RECEIVED_PER_PASS_MAX;
        self.first += 1;
        for offset in 0..self.ways.len() {
            let index = (self.first + offset) % self.ways.len();
            let (from, way) = &mut self.ways[index];
            room -= way
                .receiver
                .take(room, |message| shard.handle_handover(now, *from, message));
        }
    }

    /// Shows the others what this pass has handed over, and wakes those who may sleep.
    pub(crate) fn publish(&mut self) {
        for (_, way) in &mut self.ways {
            if way.sender.publish() {
                way.other.wake_if_asleep();
            }
        }
    }

    /// How long the worker may wait of `wait`: not at all if something is there. Otherwise whoever
    /// hands it something from now on wakes it, until it gets up.
    pub(crate) fn lie_down(&self, wait: Duration) -> Duration {
        let is_idle = || self.ways.iter().all(|(_, way)| way.receiver.is_empty());
        match self.ways.is_empty() || wait.is_zero() || self.doze.lie_down(is_idle) {
            true => wait,
            false => Duration::ZERO,
        }
    }

    /// The wait is over.
    pub(crate) fn get_up(&self) {
        if !self.ways.is_empty() {
            self.doze.get_up();
        }
    }
}

impl Handover for Handovers {
    fn push(&mut self, to: u8, write: impl FnOnce(&mut [u8]) -> usize) -> bool {
        let way = self.ways.iter_mut().find(|(worker, _)| *worker == to);
        way.is_some_and(|(_, way)| way.sender.push(write))
    }
}

#[cfg(test)]
mod tests;
