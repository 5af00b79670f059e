//! Turns for requests that take longer than a transaction: of several with one `Idempotency-Key`,
//! one is under way and the others wait for it.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::idempotency::Request;

#[derive(Debug, Default)]
pub struct Turns {
    taken: Mutex<HashSet<[u8; 32]>>,
    given_back: Notify,
}

/// Dropped, it lets the next one have its turn.
#[derive(Debug)]
pub struct Turn<'turns> {
    turns: &'turns Turns,
    row: [u8; 32],
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when no other request of that key is under way.
    pub async fn take(&self, request: &Request) -> Turn<'_> {
        let row = request.row();
        loop {
            let mut given_back = pin!(self.given_back.notified());
            // From here on, none that is given back is missed.
            given_back.as_mut().enable();
            if self.lock().insert(row) {
                return Turn { turns: self, row };
            }
            given_back.await;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.row);
        self.turns.given_back.notify_waiters();
    }
}
