//! The control thread: the sidecar's orders go to the worker that has the meeting, answers and
//! reports go back. It alone writes to the control socket.
//!
//! ```text
//!  accept ─► reader of a connection ─┐                 ┌─► mailbox of worker 0
//!                                    ├─► control ──────┼─► mailbox of worker 1 …
//!  workers' answers and reports ─────┘      │          
//!                                           └─► the newest connection
//! ```

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Receiver;

use sfu_proto::control::{
    FromCore, Order, Outcome, Refusal, Report, SessionEnd, SessionPhase, Snapshot, ToCore, VERSION,
    codec,
};
use sfu_proto::ids::{MeetingId, OperationId, ParticipantId, SessionId};

use crate::answered::Answered;
use crate::control_socket::{ConnectionId, SocketEvent};
use crate::directory::Directory;
use crate::mailbox::{FromWorker, Mailbox, ToWorker};

/// Everything that the control thread waits for, in one queue.
#[derive(Debug)]
pub(crate) enum ControlEvent {
    Socket(SocketEvent),
    Worker(FromWorker),
}

#[derive(Debug)]
struct Connection {
    id: ConnectionId,
    stream: UnixStream,
    /// It has said a version that we speak.
    greeted: bool,
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
    answered: Answered,
    sessions: HashMap<SessionId, (usize, MeetingId, ParticipantId)>,
    connection: Option<Connection>,
    snapshot: Gathering<sfu_proto::control::MeetingState>,
    counters: Gathering<(String, u64)>,
}

impl Control {
    pub(crate) fn new(boot: u128, workers: Vec<Mailbox>) -> Self {
        Self {
            boot,
            directory: Directory::new(workers.len()),
            workers,
            answered: Answered::default(),
            sessions: HashMap::new(),
            connection: None,
            snapshot: Gathering::default(),
            counters: Gathering::default(),
        }
    }

    /// Ends when every sender has gone.
    pub(crate) fn run(mut self, events: &Receiver<ControlEvent>) {
        for event in events {
            match event {
                ControlEvent::Socket(event) => self.handle_socket(event),
                ControlEvent::Worker(message) => self.handle_worker(message),
            }
        }
    }

    fn handle_socket(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Connected(id, stream) => {
                // The newest sidecar is the sidecar: an older one is hanging or gone.
                let older = self.connection.replace(Connection {
                    id,
                    stream,
                    greeted: false,
                });
                if let Some(older) = older {
                    // Its reader ends with it.
                    let _ = older.stream.shutdown(std::net::Shutdown::Both);
                }
                self.send(&FromCore::Hello {
                    version: VERSION,
                    boot: self.boot,
                });
            }
            SocketEvent::Gone(id) => {
                if self
                    .connection
                    .as_ref()
                    .is_some_and(|connection| connection.id == id)
                {
                    self.connection = None;
                }
            }
            SocketEvent::Frame(id, frame) => {
                let Some(connection) = &mut self.connection else {
                    return;
                };
                if connection.id != id {
                    return;
                }
                match frame {
                    ToCore::Hello { version } if version == VERSION => connection.greeted = true,
                    ToCore::Hello { version } => {
                        tracing::error!(
                            "the sidecar speaks control version {version}, this core {VERSION}; \
                             install the same release of both"
                        );
                        self.connection = None;
                    }
                    _ if !connection.greeted => self.connection = None,
                    ToCore::Order(order) => self.handle_order(order),
                    ToCore::Snapshot => self.ask_all(|| ToWorker::Snapshot),
                    ToCore::Counters => self.ask_all(|| ToWorker::Counters),
                }
            }
        }
    }

    fn handle_order(&mut self, order: Order) {
        let operation = order.operation;
        if let Some(outcome) = self.answered.look_up(operation) {
            let outcome = outcome.clone();
            self.send(&FromCore::Answer { operation, outcome });
            return;
        }
        let refusal = match self.directory.worker_for(&order) {
            None => Refusal::NoSuchMeeting,
            Some(worker) => match self.workers[worker].post(ToWorker::Order(order)) {
                Ok(()) => return,
                Err(_) => Refusal::Full {
                    limit: "MAILBOX_MESSAGES_MAX".to_owned(),
                },
            },
        };
        self.send(&FromCore::Answer {
            operation,
            outcome: Outcome::Refused(refusal),
        });
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

    fn handle_worker(&mut self, message: FromWorker) {
        match message {
            FromWorker::Answer { operation, outcome } => self.answer(operation, outcome),
            FromWorker::Report(report) => {
                self.note(&report);
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
            FromWorker::Failed { worker } => self.worker_failed(worker),
        }
    }

    fn answer(&mut self, operation: OperationId, outcome: Outcome) {
        // A refusal is not remembered: its reason may pass.
        if !matches!(outcome, Outcome::Refused(_)) {
            self.answered.remember(operation, outcome.clone());
        }
        self.send(&FromCore::Answer { operation, outcome });
    }

    /// Keeps in mind which sessions live where, for the day a worker fails.
    fn note(&mut self, report: &Report) {
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
        } else if let Some(worker) = self.directory.worker_of(*meeting) {
            self.sessions
                .insert(*session, (worker, *meeting, *participant));
        }
    }

    /// A worker's panic takes its own meetings and no other's (DESIGN D8).
    fn worker_failed(&mut self, failed: usize) {
        self.directory.forget(failed);
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
        let Some(connection) = &mut self.connection else {
            return;
        };
        let mut frame = Vec::new();
        let written = codec::encode(message, &mut frame).map_err(|error| error.to_string());
        let written = written.and_then(|()| {
            std::io::Write::write_all(&mut connection.stream, &frame)
                .map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            tracing::warn!("the sidecar's connection is lost ({error}); media goes on");
            self.connection = None;
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
