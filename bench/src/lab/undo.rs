//! What must be undone however the run ends: an [`Undo`] does it when dropped, and all of them are
//! done, last first, when Ctrl-C or SIGTERM ends the program.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

type Deed = Box<dyn FnOnce() + Send>;

static DEEDS: Mutex<BTreeMap<u64, Deed>> = Mutex::new(BTreeMap::new());
static LISTENING: Once = Once::new();

/// 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

#[must_use = "it is undone as soon as this is dropped"]
#[derive(Debug)]
pub struct Undo(u64);

impl Undo {
    pub fn new(deed: impl FnOnce() + Send + 'static) -> Self {
        LISTENING.call_once(|| {
            // Without the thread only drops undo, which is the better part.
            let _ = std::thread::Builder::new()
                .name("signals".into())
                .spawn(listen);
        });
        let mut deeds = deeds();
        let number = deeds.last_key_value().map_or(0, |(last, _)| last + 1);
        deeds.insert(number, Box::new(deed));
        Self(number)
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        let deed = deeds().remove(&self.0);
        if let Some(deed) = deed {
            deed();
        }
    }
}

/// A deed that panics is no reason to leave the others undone.
fn deeds() -> MutexGuard<'static, BTreeMap<u64, Deed>> {
    DEEDS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::exit, reason = "a signal has asked for it")]
fn listen() {
    if wait_for_signal().is_ok() {
        // The lock is kept, so that nothing new begins.
        let mut deeds = deeds();
        while let Some((_, deed)) = deeds.pop_last() {
            deed();
        }
        std::process::exit(INTERRUPTED);
    }
}

fn wait_for_signal() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            got = interrupt.recv() => got,
            got = terminate.recv() => got,
        }
        .context("no signal will come")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[test]
    fn a_drop_undoes_its_own_deed_once() {
        let done = Arc::new(AtomicU32::new(0));
        let undo = |value| {
            let done = Arc::clone(&done);
            Undo::new(move || _ = done.fetch_add(value, Relaxed))
        };
        let (one, ten) = (undo(1), undo(10));
        drop(one);
        assert_eq!(done.load(Relaxed), 1);
        drop(ten);
        assert_eq!(done.load(Relaxed), 11);
    }
}
