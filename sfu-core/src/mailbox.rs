//! The way into a worker: bounded queues that are emptied once a pass, and the waker that ends the
//! worker's wait.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sfu_proto::control::{MeetingState, Order, Outcome, Report};
use sfu_proto::ids::{MeetingId, OperationId, SessionId};
use sfu_proto::shard::{HandshakeEvent, Spread};
use sfu_uring::{Doze, Waker};

use crate::config::MAILBOX_MESSAGES_MAX;
use crate::control::Ticket;
use crate::handovers::Way;

/// A meeting is spread over these workers from now on.
#[derive(Debug)]
pub(crate) struct NewPart {
    pub meeting: MeetingId,
    /// To be carried out first: they open a part that is new.
    pub orders: Vec<Order>,
    pub spread: Spread,
    /// The ways to workers that this one could not reach before.
    pub ways: Vec<(usize, Way)>,
}

#[derive(Debug)]
pub(crate) enum ToWorker {
    Order(Order),
    Part(NewPart),
    Handshake {
        session: SessionId,
        event: HandshakeEvent,
    },
    Snapshot(Ticket),
    Counters(Ticket),
    /// The control thread knows that the worker has failed: what was posted before is void.
    BeginAnew,
    /// Makes the worker fail.
    #[cfg(test)]
    Panic,
}

/// What workers tell the control thread.
#[derive(Debug)]
pub(crate) enum FromWorker {
    Answer {
        operation: OperationId,
        outcome: Outcome,
    },
    Report(Report),
    Snapshot(Ticket, Vec<MeetingState>),
    Counters(Ticket, Vec<(String, u64)>),
    /// Reports have been lost: whoever follows them must take a new snapshot.
    Behind,
    /// The worker has panicked; all that lived on it is gone. It waits for `BeginAnew`.
    Failed,
    /// It works again, with nothing on it.
    Begun,
}

/// The queue is full: the worker is far behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailboxFull;

/// The senders' end.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    messages: SyncSender<ToWorker>,
    results: Sender<ToWorker>,
    /// A worker that begins anew has a new driver, and with it a new waker.
    waker: Arc<Mutex<Waker>>,
    doze: Arc<Doze>,
}

/// The worker's end.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: Receiver<ToWorker>,
    results: Receiver<ToWorker>,
    /// Whether the worker may be asleep, for those who hand it media.
    pub(crate) doze: Arc<Doze>,
}

impl Mailbox {
    pub(crate) fn new(waker: Waker) -> (Self, Inbox) {
        let (messages, bounded) = sync_channel(MAILBOX_MESSAGES_MAX);
        let (results, unbounded) = channel();
        let doze = Arc::<Doze>::default();
        let mailbox = Self {
            messages,
            results,
            waker: Arc::new(Mutex::new(waker)),
            doze: Arc::clone(&doze),
        };
        let inbox = Inbox {
            messages: bounded,
            results: unbounded,
            doze,
        };
        (mailbox, inbox)
    }

    pub(crate) fn post(&self, message: ToWorker) -> Result<(), MailboxFull> {
        self.messages.try_send(message).map_err(|_| MailboxFull)?;
        self.wake();
        Ok(())
    }

    /// For what comes once and must not be lost: keys, the end of a session, a further part of a
    /// meeting. There is always room; each session and each part bring two at most, so their limits
    /// are its bound.
    pub(crate) fn post_result(&self, message: ToWorker) {
        // It fails only where the worker's thread is gone for good.
        let _ = self.results.send(message);
        self.wake();
    }

    /// To a worker that has failed, which takes everything until it gets this. May wait for room.
    pub(crate) fn begin_anew(&self) {
        // It fails only where the worker's thread is gone for good.
        let _ = self.messages.send(ToWorker::BeginAnew);
    }

    pub(crate) fn wake_by(&self, waker: Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = waker;
    }

    /// Another worker has handed it something. A system call only if it may be asleep.
    pub(crate) fn wake_if_asleep(&self) {
        if self.doze.must_be_woken() {
            self.wake();
        }
    }

    fn wake(&self) {
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        waker.wake();
    }
}

impl Inbox {
    /// The next message, if there is one. Results come last: the records that were posted before
    /// an end are on their way before it.
    pub(crate) fn next(&self) -> Option<ToWorker> {
        let message = self.messages.try_recv();
        message.or_else(|_| self.results.try_recv()).ok()
    }

    /// Throws away what was meant for a worker that has failed; returns once it is told to begin
    /// anew, or false if nobody is there to say so.
    pub(crate) fn discard_until_begin(&self) -> bool {
        loop {
            match self.messages.recv() {
                Ok(ToWorker::BeginAnew) => break,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        self.results.try_iter().for_each(drop);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::testing;

    fn result(session: u128) -> ToWorker {
        let event = HandshakeEvent::Ended(sfu_proto::control::SessionEnd::HandshakeFailed);
        ToWorker::Handshake {
            session: SessionId(session),
            event,
        }
    }

    #[test]
    fn a_result_finds_room_when_nothing_else_does() {
        let (mailbox, inbox) = Mailbox::new(testing::waker());
        while mailbox.post(ToWorker::Snapshot(Ticket::default())).is_ok() {}
        mailbox.post_result(result(1));
        let all = std::iter::from_fn(|| inbox.next()).count();
        assert_eq!(all, MAILBOX_MESSAGES_MAX + 1);
    }

    #[test]
    fn mail_for_a_failed_worker_does_not_reach_the_next() {
        let (mailbox, inbox) = Mailbox::new(testing::waker());
        mailbox.post(ToWorker::Snapshot(Ticket::default())).unwrap();
        mailbox.post_result(result(1));
        mailbox.begin_anew();
        mailbox.post(ToWorker::Counters(Ticket::default())).unwrap();
        assert!(inbox.discard_until_begin());
        assert!(matches!(inbox.next(), Some(ToWorker::Counters(_))));
        assert!(inbox.next().is_none());
    }
}
