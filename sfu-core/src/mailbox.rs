//! The way into a worker: a bounded queue that is emptied once a pass, and the waker that ends the
//! worker's wait.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sfu_proto::control::{MeetingState, Order, Outcome, Report};
use sfu_proto::ids::{OperationId, SessionId};
use sfu_proto::shard::HandshakeEvent;
use sfu_uring::Waker;

use crate::config::MAILBOX_MESSAGES_MAX;

#[derive(Debug)]
pub(crate) enum ToWorker {
    Order(Order),
    Handshake {
        session: SessionId,
        event: HandshakeEvent,
    },
    Snapshot,
    Counters,
}

/// What workers tell the control thread.
#[derive(Debug)]
pub(crate) enum FromWorker {
    Answer {
        operation: OperationId,
        outcome: Outcome,
    },
    Report(Report),
    Snapshot(Vec<MeetingState>),
    Counters(Vec<(String, u64)>),
    /// The worker has panicked; all that lived on it is gone, and it begins anew.
    Failed,
}

/// The queue is full: the worker is far behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailboxFull;

/// The senders' end.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    queue: SyncSender<ToWorker>,
    /// A worker that begins anew has a new driver, and with it a new waker.
    waker: Arc<Mutex<Waker>>,
}

impl Mailbox {
    pub(crate) fn new(waker: Waker) -> (Self, Receiver<ToWorker>) {
        let (queue, receiver) = sync_channel(MAILBOX_MESSAGES_MAX);
        (
            Self {
                queue,
                waker: Arc::new(Mutex::new(waker)),
            },
            receiver,
        )
    }

    pub(crate) fn post(&self, message: ToWorker) -> Result<(), MailboxFull> {
        self.queue.try_send(message).map_err(|_| MailboxFull)?;
        self.waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wake();
        Ok(())
    }

    pub(crate) fn wake_by(&self, waker: Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = waker;
    }
}
