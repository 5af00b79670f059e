//! The rings themselves: push an entry, enter the kernel, reap completions.

use core::time::Duration;
use std::io;

use io_uring::types::{CancelBuilder, SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, cqueue, squeue};

use super::buffers::BUFFERS;
use super::restriction;
use crate::send_failure::code_of;
use crate::send_headers::TRAINS_MAX;
use crate::{DriverError, RingFeatures, probe};

/// A whole batch of single datagrams, so that it goes in one enter.
const SUBMISSIONS: u32 = 1_024;
/// Each buffer, each train and each lasting operation may complete before we look: the queue has
/// room for all of them, so that it never overflows and a failed send is known when `enter` is
/// back.
const COMPLETIONS: u32 = 4_096;
const LASTING_OPERATIONS_MAX: usize = 257;

const _: () = assert!(SUBMISSIONS as usize >= TRAINS_MAX);
const _: () =
    assert!(COMPLETIONS as usize >= BUFFERS as usize + TRAINS_MAX + 2 * LASTING_OPERATIONS_MAX);

/// Completions that end the gathering of a wait early. One receive completes up to 32 times before
/// the kernel looks at this again, so it is a floor, not a cap.
const GATHERED_ENOUGH: u32 = 16;
/// An interrupted or starved enter is tried again so many times.
const TRIES_MAX: u32 = 16;

/// How long an enter stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Hands over what was pushed and comes back.
    No,
    /// Runs the work that has piled up as well.
    ForWork,
    /// Waits for the first completion, or for `timeout`; gathers more of them for `gather`.
    Until {
        timeout: Option<Duration>,
        gather: Duration,
    },
}

pub(crate) struct Ring {
    ring: IoUring,
    features: RingFeatures,
    enabled: bool,
    /// An enter failed with entries still in the queue. They may point to memory that is gone by
    /// the next enter, so there is none.
    broken: bool,
}

impl Ring {
    pub(crate) fn open(features: RingFeatures) -> io::Result<Self> {
        let ring = probe::build(SUBMISSIONS, COMPLETIONS, features.no_sq_array)?;
        if features.restrictions {
            restriction::apply(&ring)?;
        }
        Ok(Self {
            ring,
            features,
            enabled: false,
            broken: false,
        })
    }

    pub(crate) fn as_inner(&self) -> &IoUring {
        &self.ring
    }

    pub(crate) fn is_restricted(&self) -> bool {
        self.features.restrictions
    }

    /// Makes the calling thread the only one that may enter. Says whether this was the first call.
    pub(crate) fn enable(&mut self) -> Result<bool, DriverError> {
        if self.enabled {
            return Ok(false);
        }
        self.ring
            .submitter()
            .register_enable_rings()
            .map_err(DriverError::while_doing("enable the ring on this thread"))?;
        self.enabled = true;
        Ok(true)
    }

    /// Queues an entry; enters first if the queue is full.
    ///
    /// # Safety
    ///
    /// What the entry points to must stay until the next `enter` has returned; and beyond, if its
    /// operation lasts or may be put off.
    pub(crate) unsafe fn push(&mut self, entry: &squeue::Entry) -> Result<(), DriverError> {
        if self.ring.submission().is_full() {
            self.enter(Stay::No)?;
        }
        // SAFETY: the caller's promise.
        unsafe { self.ring.submission().push(entry) }.map_err(|_| DriverError::Broken)
    }

    /// Hands the queue to the kernel and stays as told. When it is back, the queue is empty, or
    /// the ring is broken and never entered again.
    pub(crate) fn enter(&mut self, stay: Stay) -> Result<(), DriverError> {
        if self.broken {
            return Err(DriverError::Broken);
        }
        let mut result = self.enter_once(stay);
        for _ in 0..TRIES_MAX {
            match result {
                Ok(()) if self.ring.submission().is_empty() => return Ok(()),
                Ok(()) => {}
                Err(error) => match code_of(&error) {
                    // The wait is over: nothing came, or a signal did.
                    libc::ETIME | libc::EINTR if self.ring.submission().is_empty() => return Ok(()),
                    libc::EINTR | libc::EAGAIN | libc::EBUSY => {}
                    _ => {
                        self.broken = true;
                        return Err(DriverError::System {
                            doing: "enter the ring",
                            source: error,
                        });
                    }
                },
            }
            // No second wait: what was to be waited for may have happened.
            result = self.enter_once(Stay::ForWork);
        }
        self.broken = true;
        Err(DriverError::Broken)
    }

    fn enter_once(&mut self, stay: Stay) -> io::Result<()> {
        let queued = u32::try_from(self.ring.submission().len()).unwrap_or(u32::MAX);
        let mut flags = EnterFlags::empty();
        if stay != Stay::No {
            flags |= EnterFlags::GETEVENTS;
        }
        let Stay::Until { timeout, gather } = stay else {
            // SAFETY: without EXT_ARG the argument is a signal mask, and there is none.
            unsafe {
                self.ring
                    .submitter()
                    .enter::<libc::sigset_t>(queued, 0, flags.bits(), None)?;
            }
            return Ok(());
        };
        flags |= EnterFlags::EXT_ARG;
        flags.set(EnterFlags::NO_IOWAIT, self.features.no_io_wait);
        let timespec = timeout.map(Timespec::from);
        let mut arguments = SubmitArgs::new();
        if let Some(timespec) = &timespec {
            arguments = arguments.timespec(timespec);
        }
        // The kernel would gather beyond the timeout if it were told to.
        let gather = gather.min(timeout.unwrap_or(gather));
        let gather_micros = u32::try_from(gather.as_micros()).unwrap_or(u32::MAX);
        let mut wanted = 1;
        if self.features.min_wait && gather_micros > 0 {
            arguments = arguments.min_wait_usec(gather_micros);
            wanted = GATHERED_ENOUGH;
        }
        // SAFETY: EXT_ARG says that the argument is an `io_uring_getevents_arg`, which `SubmitArgs`
        // is; the time it points to lives through the call.
        unsafe {
            self.ring
                .submitter()
                .enter(queued, wanted, flags.bits(), Some(&arguments))?;
        }
        Ok(())
    }

    /// Whether work has piled up that the next `enter` would run: a receive that has more.
    pub(crate) fn has_work(&mut self) -> bool {
        self.ring.submission().taskrun()
    }

    /// All completions there are.
    pub(crate) fn completions(&mut self) -> impl Iterator<Item = cqueue::Entry> {
        self.ring.completion()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // Ends all receives before the buffers that they write to go. It can only fail on another
        // thread than the ring's; then closing the ring ends them, and since they write only
        // inside an enter of that thread, nothing is written in between.
        let _ = self
            .ring
            .submitter()
            .register_sync_cancel(None, CancelBuilder::any());
    }
}

#[cfg(test)]
mod tests;
