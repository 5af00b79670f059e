//! The clocks, injected: the only place of the sidecar that reads them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use crate::model::Timestamp;

#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Moved by hand, for tests.
    Manual(Arc<Hands>),
}

/// Both in milliseconds.
#[derive(Debug)]
pub struct Hands {
    wall: AtomicU64,
    uptime: AtomicU64,
}

impl Clock {
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Hands {
            wall: AtomicU64::new(start.0),
            uptime: AtomicU64::new(0),
        }))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp::default().after(since_epoch)
            }
            Self::Manual(hands) => Timestamp(hands.wall.load(Ordering::SeqCst)),
        }
    }

    /// Time since some moment before the first call: for how long something has lasted. It neither
    /// jumps when the wall clock is set nor goes while the machine sleeps.
    pub fn uptime(&self) -> Duration {
        static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => BEGUN.elapsed(),
            Self::Manual(hands) => Duration::from_millis(hands.uptime.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on; the system's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            let by = millis(by);
            hands.wall.fetch_add(by, Ordering::SeqCst);
            hands.uptime.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets a manual wall clock ahead, as an operator would: no time passes.
    pub fn jump(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            hands.wall.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
