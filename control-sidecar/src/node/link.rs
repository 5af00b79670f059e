//! The sidecar's side of the link: is the core up, who waits for which answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sfu_proto::control::{Order, Outcome};
use sfu_proto::ids::OperationId;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

/// Who waits for the core's counters.
pub type Asked = oneshot::Sender<Vec<(String, u64)>>;

/// Orders that need no outbox, and questions.
#[derive(Debug)]
pub enum Direct {
    /// Worth something only now: what a page watches.
    Order(Order),
    Counters(Asked),
}

/// Direct messages that wait for the agent.
const DIRECT_MAX: usize = 1_024;

/// How long an HTTP request waits for the core's answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
const COUNTERS_TIME_MAX: Duration = Duration::from_secs(1);

/// The core did not answer in time, or the link broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered;

#[derive(Debug)]
pub struct CoreLink {
    up: watch::Sender<bool>,
    pub(super) outbox_grew: Notify,
    waiting: Mutex<HashMap<OperationId, oneshot::Sender<Outcome>>>,
    direct: mpsc::Sender<Direct>,
}

impl CoreLink {
    /// The link, and the end that the agent reads.
    pub fn new() -> (Self, mpsc::Receiver<Direct>) {
        let (direct, receiver) = mpsc::channel(DIRECT_MAX);
        let link = Self {
            up: watch::Sender::new(false),
            outbox_grew: Notify::new(),
            waiting: Mutex::default(),
            direct,
        };
        (link, receiver)
    }

    pub fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    pub fn watch_up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    pub(super) fn set_up(&self, up: bool) {
        self.up.send_replace(up);
    }

    /// Wakes the agent: there are orders to deliver.
    pub fn wake(&self) {
        self.outbox_grew.notify_one();
    }

    /// Registers interest in the answer; call it before the order is written, and `forget` in the
    /// end.
    pub fn expect(&self, operation: OperationId) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(operation, sender);
        receiver
    }

    pub async fn answer(
        &self,
        expected: &mut oneshot::Receiver<Outcome>,
    ) -> Result<Outcome, Unanswered> {
        let outcome = timeout(ANSWER_TIME_MAX, expected).await;
        outcome.ok().and_then(Result::ok).ok_or(Unanswered)
    }

    /// Nobody waits for that answer any more.
    pub fn forget(&self, operation: OperationId) {
        self.waiting().remove(&operation);
    }

    pub(super) fn answered(&self, operation: OperationId, outcome: Outcome) {
        if let Some(waiting) = self.waiting().remove(&operation) {
            // The one who waited may have gone away.
            let _ = waiting.send(outcome);
        }
    }

    /// The core that was asked is gone; so are its answers.
    pub(super) fn nobody_answers(&self) {
        self.waiting().clear();
    }

    /// Best effort: dropped when the agent is behind or the core is down.
    pub fn send(&self, direct: Direct) {
        let _ = self.direct.try_send(direct);
    }

    pub async fn counters(&self) -> Result<Vec<(String, u64)>, Unanswered> {
        if !self.is_up() {
            return Err(Unanswered);
        }
        timeout(COUNTERS_TIME_MAX, self.ask_counters())
            .await
            .map_err(|_| Unanswered)
    }

    /// Waits for them as long as it takes.
    pub(super) async fn ask_counters(&self) -> Vec<(String, u64)> {
        loop {
            let (sender, receiver) = oneshot::channel();
            // The agent has the other end for as long as it runs.
            let _ = self.direct.send(Direct::Counters(sender)).await;
            match receiver.await {
                Ok(counters) => return counters,
                // That link has gone; the next one answers.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<OperationId, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
