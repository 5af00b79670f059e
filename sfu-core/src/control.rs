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
mod link;
mod pending;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::mpsc::Receiver;

use sfu_proto::control::{
    FromCore, Order, Outcome, Refusal, Report, SessionEnd, SessionPhase, Snapshot, ToCore, VERSION,
};
use sfu_proto::ids::{MeetingId, OperationId, ParticipantId, SessionId};

use crate::control_socket::{ConnectionId, SocketEvent};
use crate::mailbox::{FromWorker, Mailbox, ToWorker};
use answered::Answered;
use directory::Directory;
use link::Link;
use pending::{Pending, Posted};

/// Everything that the control thread waits for, in one queue.
#[derive(Debug)]
pub(crate) enum ControlEvent {
    Socket(SocketEvent),
    /// From the worker of this index.
    Worker(usize, FromWorker),
}

/// What all workers are asked and the parts that have come back.
#[derive(Debug)]
struct Gathering<T> {
    awaited: usize,
    parts: Vec<T>,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self {
            awaited: 0,
            parts: Vec::new(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Control {
    boot: u128,
    workers: Vec<Mailbox>,
    directory: Directory,
    pending: Pending,
    answered: Answered,
    sessions: HashMap<SessionId, (usize, MeetingId, ParticipantId)>,
    link: Option<Link>,
    snapshot: Gathering<sfu_proto::control::MeetingState>,
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
            sessions: HashMap::new(),
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
            ToCore::Snapshot => self.ask_all(|| ToWorker::Snapshot),
            ToCore::Counters => self.ask_all(|| ToWorker::Counters),
        }
    }

    /// Ends the link. The sidecar comes again and takes a new snapshot: this also heals whatever
    /// it may have missed.
    fn disconnect(&mut self, why: &str) {
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
        let place = self.directory.place(&order).ok_or(Refusal::NoSuchMeeting)?;
        if self.workers[place.worker]
            .post(ToWorker::Order(order))
            .is_err()
        {
            let refusal = Refusal::Full {
                limit: "MAILBOX_MESSAGES_MAX".to_owned(),
            };
            self.directory
                .settle(place, &Outcome::Refused(refusal.clone()));
            return Err(refusal);
        }
        self.pending.insert(operation, Posted { place, asker });
        Ok(())
    }

    /// Asks every worker; the parts are put together as they come back.
    fn ask_all(&mut self, question: impl Fn() -> ToWorker) {
        let asked = self
            .workers
            .iter()
            .filter(|worker| worker.post(question()).is_ok())
            .count();
        match question() {
            ToWorker::Snapshot => {
                self.snapshot = Gathering {
                    awaited: asked,
                    parts: Vec::new(),
                }
            }
            _ => {
                self.counters = Gathering {
                    awaited: asked,
                    parts: Vec::new(),
                }
            }
        }
    }

    fn handle_worker(&mut self, worker: usize, message: FromWorker) {
        match message {
            FromWorker::Answer { operation, outcome } => self.answer(operation, outcome),
            FromWorker::Report(report) => {
                self.note(worker, &report);
                self.send(&FromCore::Report(report));
            }
            FromWorker::Snapshot(part) => {
                if let Some(meetings) = self.snapshot.add(part) {
                    self.send(&FromCore::Snapshot(Snapshot { meetings }));
                }
            }
            FromWorker::Counters(part) => {
                if let Some(parts) = self.counters.add(part) {
                    self.send(&FromCore::Counters(sum_by_name(parts)));
                }
            }
            FromWorker::Failed => self.worker_failed(worker),
        }
    }

    fn answer(&mut self, operation: OperationId, outcome: Outcome) {
        let Some(Posted { place, asker }) = self.pending.remove(operation) else {
            return;
        };
        self.directory.settle(place, &outcome);
        // A refusal is not remembered: its reason may pass.
        if !matches!(outcome, Outcome::Refused(_)) {
            self.answered.remember(operation, outcome.clone());
        }
        // A new link hears only the answers to its own questions; it will repeat the older ones.
        if self.is_linked_to(asker) {
            self.send(&FromCore::Answer { operation, outcome });
        }
    }

    /// Keeps in mind which sessions live where, for the day a worker fails.
    fn note(&mut self, worker: usize, report: &Report) {
        let Report::Session {
            meeting,
            session,
            participant,
            phase,
        } = report
        else {
            return;
        };
        if matches!(phase, SessionPhase::Closed(_)) {
            self.sessions.remove(session);
        } else {
            self.sessions
                .insert(*session, (worker, *meeting, *participant));
        }
    }

    /// A worker's panic takes its own meetings and no other's (DESIGN D8).
    fn worker_failed(&mut self, failed: usize) {
        self.directory.forget(failed);
        self.pending.forget(failed);
        let lost: Vec<_> = self
            .sessions
            .extract_if(|_, (worker, ..)| *worker == failed)
            .collect();
        for (session, (_, meeting, participant)) in lost {
            let phase = SessionPhase::Closed(SessionEnd::WorkerFailed);
            self.send(&FromCore::Report(Report::Session {
                meeting,
                session,
                participant,
                phase,
            }));
        }
    }

    fn send(&mut self, message: &FromCore) {
        if let Some(link) = &mut self.link
            && let Err(error) = link.send(message)
        {
            self.disconnect(&error.to_string());
        }
    }
}

impl<T> Gathering<T> {
    /// All parts, once the last one has come.
    fn add(&mut self, part: Vec<T>) -> Option<Vec<T>> {
        self.awaited = self.awaited.checked_sub(1)?;
        self.parts.extend(part);
        (self.awaited == 0).then(|| std::mem::take(&mut self.parts))
    }
}

fn sum_by_name(parts: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let mut sums: Vec<(String, u64)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, value) in parts {
        match places.get(&name) {
            Some(place) => sums[*place].1 += value,
            None => {
                places.insert(name.clone(), sums.len());
                sums.push((name, value));
            }
        }
    }
    sums
}
