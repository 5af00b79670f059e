//! The one writer and its group commit: while one flush is under way, verbs queue; the next flush
//! serves them all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::engine::{Durability, Engine};
use super::{StoreError, Tree, Tx};
use crate::clock::Clock;
use crate::model::{Announcement, OutboxRow};

/// Verbs that wait for the writer: about a second's worth on a slow disk.
const WAITING_MAX: usize = 4_096;
/// Verbs that share one flush. It bounds how long the first of them waits.
const GROUP_MAX: usize = 256;

/// What follows from a group of transactions, told once they are on the disk, in their order.
#[derive(Debug, Default)]
pub struct Committed {
    pub announcements: Vec<Announcement>,
    /// The outbox has grown.
    pub orders: bool,
    /// Something has changed: a group that only read has nothing to flush, since the group before
    /// it is on the disk already.
    changed: bool,
}

/// Tells the one who waits.
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

type Verb = Box<dyn FnOnce(&mut Tx<'_>) -> Verdict + Send>;

/// Whether to keep the verb's changes, and whom to tell how it went.
struct Verdict {
    keep: bool,
    answer: Tell,
}

/// A handle; clones share one store. The last one dropped ends the writer.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
    verbs: mpsc::Sender<Verb>,
    clock: Clock,
    /// Its sender is dropped when the writer has ended.
    ended: watch::Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    /// Held for writing while a transaction is applied, so that readers see it whole.
    applying: RwLock<()>,
    /// Orders of the outbox below this sequence are on the disk.
    orders_end: AtomicU64,
    /// A flush has failed: what is in memory may never reach the disk, so nothing is acknowledged
    /// any more.
    broken: AtomicBool,
}

impl Store {
    /// `committed` runs on the writer's thread and must not wait.
    pub fn open(
        path: &Path,
        clock: Clock,
        committed: impl FnMut(Committed) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (engine, durability) = Engine::open(path)?;
        // What it opens with has been on the disk before.
        let orders_end = Tx::new(&engine, clock.now()).next_order()?;
        let shared = Arc::new(Shared {
            engine,
            applying: RwLock::new(()),
            orders_end: AtomicU64::new(orders_end),
            broken: AtomicBool::new(false),
        });
        let (verbs, waiting) = mpsc::channel(WAITING_MAX);
        let (ending, ended) = watch::channel(());
        let writer = Writer {
            shared: Arc::clone(&shared),
            durability,
            clock: clock.clone(),
            committed: Box::new(committed),
        };
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                writer.run(waiting);
                drop(ending);
            })
            .map_err(|error| StoreError::Engine(format!("no thread: {error}")))?;
        Ok(Self {
            shared,
            verbs,
            clock,
            ended,
        })
    }

    /// Runs a verb and returns when its changes are on the disk. A verb that returns an error
    /// changes nothing.
    pub async fn write<T, E>(
        &self,
        verb: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Verb = Box::new(move |tx| {
            let result = verb(tx);
            Verdict {
                keep: result.is_ok(),
                answer: Box::new(move |durable| {
                    // The caller may have gone away; the change stands.
                    let _ = answer.send(durable.map_err(E::from).and(result));
                }),
            }
        });
        self.verbs
            .try_send(boxed)
            .map_err(|_| E::from(StoreError::Busy))?;
        answered
            .await
            .unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
    }

    /// Reads a consistent state.
    pub fn read<T>(&self, query: impl FnOnce(&Tx<'_>) -> T) -> T {
        let _whole = self
            .shared
            .applying
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        query(&Tx::new(&self.shared.engine, self.clock.now()))
    }

    /// Up to `limit` orders of the outbox from `from` on, without those that a power cut could still
    /// take back: the core must not do what was never decided. None at all once the store is broken.
    pub fn orders_on_disk(&self, from: u64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        if !self.is_sound() {
            return Ok(Vec::new());
        }
        let end = self.shared.orders_end.load(Ordering::Acquire);
        let mut rows = self.read(|tx| tx.orders_from(from, limit))?;
        rows.retain(|row| row.sequence < end);
        Ok(rows)
    }

    /// Ends the last handle, and returns when the files are free for another store.
    pub async fn close(self) {
        let Self {
            shared,
            verbs,
            mut ended,
            ..
        } = self;
        drop((shared, verbs));
        // The error is the end.
        let _ = ended.changed().await;
    }

    pub fn is_sound(&self) -> bool {
        !self.shared.broken.load(Ordering::Relaxed)
    }
}

struct Writer {
    shared: Arc<Shared>,
    durability: Durability,
    clock: Clock,
    committed: Box<dyn FnMut(Committed) + Send>,
}

impl Writer {
    fn run(mut self, mut waiting: mpsc::Receiver<Verb>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            self.commit(group.drain(..));
        }
    }

    fn commit(&mut self, group: impl Iterator<Item = Verb>) {
        let mut committed = Committed::default();
        let answers: Vec<_> = group
            .filter_map(|verb| self.apply(verb, &mut committed))
            .collect();
        let durable = if self.shared.broken.load(Ordering::Relaxed) {
            Err(StoreError::Engine("an earlier flush failed".into()))
        } else if committed.changed {
            self.durability.make(&self.shared.engine)
        } else {
            Ok(())
        };
        let durable = durable.and_then(|()| {
            if committed.orders {
                // Nothing is applied but by this thread, so what it reads is on the disk.
                let end = Tx::new(&self.shared.engine, self.clock.now()).next_order()?;
                self.shared.orders_end.store(end, Ordering::Release);
            }
            Ok(())
        });
        match &durable {
            Ok(()) => (self.committed)(committed),
            Err(error) => {
                self.shared.broken.store(true, Ordering::Relaxed);
                tracing::error!(%error, "the store no longer acknowledges anything");
            }
        }
        for (answer, applied) in answers {
            answer(applied.and_then(|()| durable.clone()));
        }
    }

    /// Runs one verb and applies its changes; `None` if it panicked, which drops its answer.
    fn apply(
        &self,
        verb: Verb,
        committed: &mut Committed,
    ) -> Option<(Tell, Result<(), StoreError>)> {
        let mut tx = Tx::new(&self.shared.engine, self.clock.now());
        let verdict = catch_unwind(AssertUnwindSafe(|| verb(&mut tx))).ok()?;
        if !verdict.keep || tx.changes.is_empty() {
            if verdict.keep {
                committed.announcements.append(&mut tx.announcements);
            }
            return Some((verdict.answer, Ok(())));
        }
        let orders = tx
            .changes
            .iter()
            .any(|((tree, _), value)| *tree == Tree::Outbox && value.is_some());
        let applied = {
            let _alone = self
                .shared
                .applying
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            self.shared.engine.apply(tx.changes.into_iter().collect())
        };
        committed.changed = true;
        if applied.is_ok() {
            committed.orders |= orders;
            committed.announcements.append(&mut tx.announcements);
        }
        Some((verdict.answer, applied))
    }
}
