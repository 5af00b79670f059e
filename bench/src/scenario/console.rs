//! The one line on the terminal that says how it goes; joins tell it from another thread.

use std::io::{IsTerminal as _, Stderr, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::report::{Progress, Sample, Status};

#[derive(Clone, Debug)]
pub struct Console {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    progress: Progress<Stderr>,
    target: String,
    joined: usize,
    wanted: usize,
}

impl Console {
    pub fn new() -> Self {
        let inner = Inner {
            progress: Progress::new(stderr(), stderr().is_terminal()),
            target: String::new(),
            joined: 0,
            wanted: 0,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// From now on it is about this target.
    pub fn begin(&self, target: &str) {
        self.with(|inner| target.clone_into(&mut inner.target));
    }

    pub fn joined(&self, joined: usize, wanted: usize) {
        self.with(|inner| {
            (inner.joined, inner.wanted) = (joined, wanted);
            inner.show(None);
        });
    }

    pub fn sample(&self, sample: Sample) {
        self.with(|inner| inner.show(Some(sample)));
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        self.with(|inner| inner.progress.say(text));
    }

    pub fn finish(&self) {
        self.with(|inner| inner.progress.finish());
    }

    fn with(&self, act: impl FnOnce(&mut Inner)) {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Inner {
    fn show(&mut self, sample: Option<Sample>) {
        let status = Status {
            target: &self.target,
            joined: self.joined,
            wanted: self.wanted,
            sample,
        };
        self.progress.show(Instant::now(), &status);
    }
}
