//! The control thread: the sidecar's orders go to the worker that has the meeting, answers and
//! reports go back. It alone writes to the control socket.
//!
//! ```text
//!  accept ─► reader of a connection ─┐                 ┌─► mailbox of worker 0
//!                                    ├─► control ──────┼─► mailbox of worker 1 …
//!  workers' answers and reports ─────┘      │
//!                                           └─► the newest connection
//! ```

mod answered;
mod directory;
mod gathering;
mod link;
mod pending;
mod questions;
mod sessions;
mod spreading;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::mpsc::Receiver;

use sfu_proto::control::{FromCore, MeetingState, Order, Outcome, Refusal, ToCore, VERSION};
use sfu_proto::ids::OperationId;

use crate::control_socket::{ConnectionId, SocketEvent};
use crate::mailbox::{FromWorker, Mailbox, ToWorker};
use answered::Answered;
use directory::{Change, Directory, Place};
use gathering::Gathering;
use link::Link;
use pending::{Pending, Posted};
use sessions::Sessions;

pub(crate) use gathering::Ticket;

/// Everything that the control thread waits for, in one queue.
#[derive(Debug)]
pub(crate) enum ControlEvent {
    Socket(SocketEvent),
    /// From the worker of this index.
    Worker(usize, FromWorker),
}

#[derive(Debug)]
pub(crate) struct Control {
    boot: u128,
    workers: Vec<Mailbox>,
    directory: Directory,
    pending: Pending,
    answered: Answered,
    sessions: Sessions,
    /// Workers between which there are rings.
    joined: HashSet<(usize, usize)>,
    link: Option<Link>,
    snapshot: Gathering<MeetingState>,
    counters: Gathering<(String, u64)>,
}

impl Control {
    pub(crate) fn new(boot: u128, workers: Vec<Mailbox>) -> Self {
        Self {
            boot,
            directory: Directory::new(workers.len()),
            workers,
            pending: Pending::default(),
            answered: Answered::default(),
            sessions: Sessions::default(),
            joined: HashSet::new(),
            link: None,
            snapshot: Gathering::default(),
            counters: Gathering::default(),
        }
    }

    /// Ends when every sender has gone.
    pub(crate) fn run(mut self, events: &Receiver<ControlEvent>) {
        for event in events {
            self.handle(event);
        }
    }

    fn handle(&mut self, event: ControlEvent) {
        match event {
            ControlEvent::Socket(event) => self.handle_socket(event),
            ControlEvent::Worker(worker, message) => self.handle_worker(worker, message),
        }
    }

    fn handle_socket(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Hello {
                id,
                version,
                stream,
            } => self.greet(Link::new(id, stream), version),
            SocketEvent::Gone(id) if self.is_linked_to(id) => self.disconnect("it has left"),
            SocketEvent::Frame(id, frame) if self.is_linked_to(id) => self.handle_frame(id, frame),
            // An older connection's last words.
            SocketEvent::Gone(_) | SocketEvent::Frame(..) => {}
        }
    }

    fn is_linked_to(&self, id: ConnectionId) -> bool {
        self.link.as_ref().is_some_and(|link| link.id == id)
    }

    /// The newest sidecar is the sidecar: an older one is hanging or gone.
    fn greet(&mut self, mut link: Link, version: u16) {
        let hello = FromCore::Hello {
            version: VERSION,
            boot: self.boot,
        };
        // It is told our version also if it speaks another, so that it can say so.
        let told = link.send(&hello);
        if version != VERSION {
            tracing::error!(
                "the sidecar speaks control version {version}, this core {VERSION}; \
                 install the same release of both"
            );
        } else if told.is_ok() {
            if self.link.is_some() {
                self.disconnect("a newer one has come");
            }
            self.link = Some(link);
        }
    }

    fn handle_frame(&mut self, id: ConnectionId, frame: ToCore) {
        match frame {
            ToCore::Hello { .. } => self.disconnect("it said Hello twice"),
            ToCore::Order(order) => self.handle_order(id, order),
            ToCore::Snapshot => self.ask_snapshot(),
            ToCore::Counters => self.ask_counters(),
        }
    }

    /// Ends the link. The sidecar comes again and takes a new snapshot: this also heals whatever
    /// it may have missed.
    fn disconnect(&mut self, why: &str) {
        self.snapshot.forget();
        self.counters.forget();
        if self.link.take().is_some() {
            tracing::warn!("the sidecar's connection ends: {why}; media goes on");
        }
    }

    fn handle_order(&mut self, asker: ConnectionId, order: Order) {
        let operation = order.operation;
        if let Some(outcome) = self.answered.look_up(operation) {
            let outcome = outcome.clone();
            self.send(&FromCore::Answer { operation, outcome });
        } else if !self.pending.ask_again(operation, asker)
            && let Err(refusal) = self.post(asker, order)
        {
            let outcome = Outcome::Refused(refusal);
            self.send(&FromCore::Answer { operation, outcome });
        }
    }

    fn post(&mut self, asker: ConnectionId, order: Order) -> Result<(), Refusal> {
        let operation = order.operation;
        let mut place = self.directory.place(&order)?;
        if let Err(refusal) = self.seat(&order, &mut place) {
            self.settle(&place, &Outcome::Refused(refusal.clone()));
            return Err(refusal);
        }
        let (mut waiting, mut outcome) = (Vec::new(), None);
        for worker in &place.workers {
            match self.workers[*worker].post(ToWorker::Order(order.clone())) {
                Ok(()) => waiting.push(*worker),
                Err(_) => outcome = Some(Outcome::Refused(mailbox_full())),
            }
        }
        if waiting.is_empty() {
            let refusal = mailbox_full();
            self.settle(&place, &Outcome::Refused(refusal.clone()));
            return Err(refusal);
        }
        let posted = Posted {
            place,
            asker,
            waiting,
            outcome,
        };
        self.pending.insert(operation, posted);
        Ok(())
    }

    fn settle(&mut self, place: &Place, outcome: &Outcome) {
        self.directory.settle(place, outcome);
        if let (Change::Seat(session), Outcome::Refused(_)) = (place.change, outcome) {
            self.sessions.refuse(place.meeting, session);
        }
    }

    fn handle_worker(&mut self, worker: usize, message: FromWorker) {
        match message {
            FromWorker::Answer { operation, outcome } => self.answer(worker, operation, outcome),
            FromWorker::Report(report) => {
                self.sessions.note(worker, &report);
                self.report(worker, report);
            }
            FromWorker::Snapshot(ticket, part) => self.take_snapshot(worker, ticket, part),
            FromWorker::Counters(ticket, part) => self.take_counters(worker, ticket, part),
            FromWorker::Behind => self.disconnect("reports were lost: it must look anew"),
            FromWorker::Failed => self.worker_failed(worker),
            FromWorker::Begun => self.directory.begin(worker),
        }
    }

    fn answer(&mut self, worker: usize, operation: OperationId, outcome: Outcome) {
        let answered = self.pending.answer(operation, worker, outcome);
        let Some((Posted { place, asker, .. }, outcome)) = answered else {
            return;
        };
        self.settle(&place, &outcome);
        // A refusal is not remembered: its reason may pass.
        if !matches!(outcome, Outcome::Refused(_)) {
            self.answered
                .remember(operation, place.workers[0], outcome.clone());
        }
        // A new link hears only the answers to its own questions; it will repeat the older ones.
        if self.is_linked_to(asker) {
            self.send(&FromCore::Answer { operation, outcome });
        }
    }

    /// A worker's panic takes its own meetings and no other's (DESIGN D8); one that has spread lives
    /// on in its other parts. The sidecar places them anew when it comes again and finds them missing. Orders under way are left unanswered: it
    /// repeats them then.
    fn worker_failed(&mut self, failed: usize) {
        let survivors = self.directory.fail(failed);
        for place in self.pending.forget(failed) {
            self.settle(&place, &Outcome::Refused(Refusal::NoSuchMeeting));
        }
        self.answered.forget(failed);
        self.workers[failed].begin_anew();
        self.spread_anew(failed, survivors);
        for report in self.sessions.fail(failed) {
            self.report(failed, report);
        }
        self.disconnect("a worker has failed: it must place its meetings anew");
    }

    fn send(&mut self, message: &FromCore) {
        if let Some(link) = &mut self.link
            && let Err(error) = link.send(message)
        {
            self.disconnect(&error.to_string());
        }
    }
}

fn mailbox_full() -> Refusal {
    Refusal::Full {
        limit: "MAILBOX_MESSAGES_MAX".to_owned(),
    }
}
