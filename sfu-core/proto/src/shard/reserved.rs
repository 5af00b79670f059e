//! What a worker's memory is reserved for when it starts. All sizes follow from `limits`; the system
//! gives a page when it is first written, so an idle worker takes little of it.

use core::fmt;

use super::Shard;
use crate::forward::{Chunks, Meeting};
use crate::limits;
use crate::packet::Outgoing;
use crate::session::{AddressMap, Session};

/// Bytes of address space, for one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Plain text for repairs, lent to the layers.
    pub caches: usize,
    pub sessions: usize,
    pub meetings: usize,
    pub addresses: usize,
    /// What a pass sends.
    pub batch: usize,
}

impl Reserved {
    pub const fn all(&self) -> usize {
        self.caches + self.sessions + self.meetings + self.addresses + self.batch
    }
}

impl Shard {
    /// Without what comes with each session (its keys' tables, 1 KiB for each slot) and with each
    /// layer (24 KiB of entries for a picture), which is taken when they begin.
    pub const fn reserved() -> Reserved {
        let sessions = limits::SESSIONS_PER_WORKER_MAX;
        Reserved {
            caches: Chunks::RESERVED,
            sessions: sessions * size_of::<Session>(),
            meetings: limits::MEETINGS_PER_WORKER_MAX * size_of::<Meeting>(),
            addresses: AddressMap::reserved(sessions, 2 * sessions),
            batch: limits::BATCH_BYTES_MAX + limits::BATCH_DATAGRAMS_MAX * size_of::<Outgoing>(),
        }
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: usize| bytes.div_ceil(1 << 20);
        write!(
            f,
            "{} MiB for {} sessions in {} meetings: layer caches {}, sessions {}, meetings {}, \
             addresses {}, send batch {}",
            mib(self.all()),
            limits::SESSIONS_PER_WORKER_MAX,
            limits::MEETINGS_PER_WORKER_MAX,
            mib(self.caches),
            mib(self.sessions),
            mib(self.meetings),
            mib(self.addresses),
            mib(self.batch),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caches_are_most_of_it() {
        let reserved = Shard::reserved();
        assert_eq!(reserved.caches, 256 << 20);
        assert!(reserved.all() < 320 << 20, "{reserved}");
    }
}
