//! A question to all workers, and the parts of the answer as they come back. A question asked
//! meanwhile waits until the first is answered: each gets an answer made after it was asked.

use crate::mailbox::{Mailbox, MailboxFull, ToWorker};

/// Tells the parts of one question from those of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Debug)]
pub(super) struct Gathering<T> {
    ticket: Ticket,
    is_under_way: bool,
    /// Workers whose part has not come yet.
    missing: Vec<usize>,
    parts: Vec<T>,
    /// Questions that have not begun.
    waiting: usize,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self {
            ticket: Ticket::default(),
            is_under_way: false,
            missing: Vec::new(),
            parts: Vec::new(),
            waiting: 0,
        }
    }
}

impl<T> Gathering<T> {
    pub(super) fn want(&mut self) {
        self.waiting += 1;
    }

    /// Asks the next question, if its turn has come; gives the answer, once it is whole. Call it
    /// until it gives nothing.
    pub(super) fn advance<'a>(
        &mut self,
        workers: impl Iterator<Item = (usize, &'a Mailbox)>,
        question: impl Fn(Ticket) -> ToWorker,
    ) -> Result<Option<Vec<T>>, MailboxFull> {
        if !self.is_under_way && self.waiting > 0 {
            self.waiting -= 1;
            self.is_under_way = true;
            self.ticket.0 += 1;
            for (worker, mailbox) in workers {
                mailbox.post(question(self.ticket))?;
                self.missing.push(worker);
            }
        }
        let is_whole = self.is_under_way && self.missing.is_empty();
        self.is_under_way &= !is_whole;
        Ok(is_whole.then(|| std::mem::take(&mut self.parts)))
    }

    /// Takes a worker's part; false if it answers a question that nobody asks any more.
    pub(super) fn add(&mut self, worker: usize, ticket: Ticket, part: Vec<T>) -> bool {
        let place = self.missing.iter().position(|missing| *missing == worker);
        match place {
            Some(place) if ticket == self.ticket => {
                self.missing.swap_remove(place);
                self.parts.extend(part);
                true
            }
            _ => false,
        }
    }

    /// Whether the answer under way has said already how it stands at that worker.
    pub(super) fn has_part_of(&self, worker: usize) -> bool {
        self.is_under_way && !self.missing.contains(&worker)
    }

    /// Nobody waits for an answer any more.
    pub(super) fn forget(&mut self) {
        *self = Self {
            ticket: self.ticket,
            ..Self::default()
        };
    }
}
