//! The rings between the workers of the simulated world: bounded, first in, first out, and nothing
//! allocated after they are made.

use sfu_proto::limits::{HANDOVER_BYTES_MAX, HANDOVER_SLOTS};
use sfu_proto::shard::Handover;

#[derive(Debug)]
struct Lane {
    slots: Vec<Vec<u8>>,
    head: usize,
    count: usize,
}

impl Lane {
    fn new() -> Self {
        Self {
            slots: (0..HANDOVER_SLOTS)
                .map(|_| Vec::with_capacity(HANDOVER_BYTES_MAX))
                .collect(),
            head: 0,
            count: 0,
        }
    }
}

/// A lane for each ordered pair of workers.
#[derive(Debug)]
pub struct Lanes {
    workers: usize,
    lanes: Vec<Lane>,
    /// Messages that a lane takes before it is full.
    pub room: usize,
    /// The messages that were taken, by their first byte, if a test wants to know.
    pub kinds: [u64; 5],
}

impl Lanes {
    pub fn new(workers: usize) -> Self {
        Self {
            workers,
            lanes: (0..workers * workers).map(|_| Lane::new()).collect(),
            room: HANDOVER_SLOTS,
            kinds: [0; 5],
        }
    }

    /// The way from worker `from` to the others.
    pub fn from(&mut self, from: usize) -> LanesFrom<'_> {
        LanesFrom { lanes: self, from }
    }

    pub fn are_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.count == 0)
    }

    /// Hands to `each` what waits on the way from `from` to `to`.
    pub fn take(&mut self, from: usize, to: usize, mut each: impl FnMut(&[u8])) {
        let lane = &mut self.lanes[from * self.workers + to];
        while lane.count > 0 {
            each(&lane.slots[lane.head]);
            lane.head = (lane.head + 1) % HANDOVER_SLOTS;
            lane.count -= 1;
        }
    }
}

#[derive(Debug)]
pub struct LanesFrom<'a> {
    lanes: &'a mut Lanes,
    from: usize,
}

impl Handover for LanesFrom<'_> {
    fn push(&mut self, to: u8, write: impl FnOnce(&mut [u8]) -> usize) -> bool {
        let (room, workers) = (self.lanes.room, self.lanes.workers);
        let lane = &mut self.lanes.lanes[self.from * workers + usize::from(to)];
        if lane.count >= room {
            return false;
        }
        let slot = &mut lane.slots[(lane.head + lane.count) % HANDOVER_SLOTS];
        slot.resize(HANDOVER_BYTES_MAX, 0);
        let len = write(slot);
        slot.truncate(len);
        lane.count += 1;
        if let Some(kind) = slot.first() {
            self.lanes.kinds[usize::from(*kind)] += 1;
        }
        true
    }
}
