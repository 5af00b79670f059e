//! The network between the peers and the shard: each direction of each peer has its own conditions.

use core::cmp::Reverse;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BinaryHeap, HashMap};

use sfu_proto::time::Instant;

use crate::chance::Chance;
use crate::world::PeerId;

/// Events within one grain of time happen together, as packets that reach a socket between two
/// wake-ups do: that is what makes batches.
const GRAIN_NANOS: u64 = 200_000;

/// What happens to the datagrams of one direction.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    pub delay: Duration,
    /// Up to this much more for each datagram: they overtake one another.
    pub jitter: Duration,
    pub loss_per_mille: u32,
    pub duplicate_per_mille: u32,
    /// Nothing comes through.
    pub partitioned: bool,
}

impl Default for Conditions {
    /// A good line to a near data centre.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            loss_per_mille: 0,
            duplicate_per_mille: 0,
            partitioned: false,
        }
    }
}

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From this address to the shard.
    Up(SocketAddr),
    /// From the shard to this address.
    Down(SocketAddr),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    due: Instant,
    /// Datagrams that are due together arrive in the order in which they were sent.
    order: u64,
    way: Way,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub struct Network {
    chance: Chance,
    flights: BinaryHeap<Reverse<Flight>>,
    sent: u64,
    up: HashMap<PeerId, Conditions>,
    down: HashMap<PeerId, Conditions>,
    addresses: HashMap<SocketAddr, PeerId>,
}

impl Network {
    pub fn new(chance: Chance) -> Self {
        Self {
            chance,
            flights: BinaryHeap::new(),
            sent: 0,
            up: HashMap::new(),
            down: HashMap::new(),
            addresses: HashMap::new(),
        }
    }

    /// `peer` is at `address` now. It leaves its former addresses with [`leave`](Self::leave).
    pub fn settle(&mut self, peer: PeerId, address: SocketAddr) {
        self.addresses.insert(address, peer);
    }

    pub fn leave(&mut self, address: SocketAddr) {
        self.addresses.remove(&address);
    }

    pub fn peer_at(&self, address: SocketAddr) -> Option<PeerId> {
        self.addresses.get(&address).copied()
    }

    /// Conditions of the way from `peer` to the shard.
    pub fn up(&mut self, peer: PeerId) -> &mut Conditions {
        self.up.entry(peer).or_default()
    }

    /// Conditions of the way from the shard to `peer`.
    pub fn down(&mut self, peer: PeerId) -> &mut Conditions {
        self.down.entry(peer).or_default()
    }

    pub fn send(&mut self, now: Instant, way: Way, bytes: &[u8]) {
        let conditions = match way {
            Way::Up(from) => self.peer_at(from).map(|peer| *self.up(peer)),
            Way::Down(to) => self.peer_at(to).map(|peer| *self.down(peer)),
        };
        // A stranger's line is good; to where nobody is, nothing goes.
        let conditions = match (conditions, way) {
            (Some(conditions), _) => conditions,
            (None, Way::Up(_)) => Conditions::default(),
            (None, Way::Down(_)) => return,
        };
        if conditions.partitioned || self.chance.per_mille(conditions.loss_per_mille) {
            return;
        }
        let copies = 1 + u8::from(self.chance.per_mille(conditions.duplicate_per_mille));
        for _ in 0..copies {
            let jitter = self.chance.up_to(conditions.jitter);
            let due = (now + conditions.delay + jitter).as_nanos();
            self.sent += 1;
            self.flights.push(Reverse(Flight {
                due: Instant::from_nanos(due.next_multiple_of(GRAIN_NANOS)),
                order: self.sent,
                way,
                bytes: bytes.to_vec(),
            }));
        }
    }

    pub fn next_arrival(&self) -> Instant {
        self.flights
            .peek()
            .map_or(Instant::FAR_FUTURE, |Reverse(flight)| flight.due)
    }

    /// The next datagram that has arrived by `now`.
    pub fn arrived(&mut self, now: Instant) -> Option<(Way, Vec<u8>)> {
        if self.next_arrival() > now {
            return None;
        }
        let Reverse(flight) = self.flights.pop()?;
        Some((flight.way, flight.bytes))
    }
}
