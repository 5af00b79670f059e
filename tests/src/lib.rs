//! The simulated world: the forwarder's whole core among browser-like peers, without a socket, a
//! sleep or a thread. Time is a number, chance has a seed: a run that fails fails again.
//!
//! ```text
//!  Peer ──► Network (delay, jitter, loss …) ──► Shard, pass by pass as its worker does it
//!    ▲                                            │ effects: answers, reports, handshakes
//!    └────────────── Network ◄── Audit ◄──────────┘
//! ```
//!
//! A world may have several shards, as a core has workers; [`lanes`] join their parts of the meeting.
//!
//! [`World`] moves from deadline to deadline. Whatever the shard sends is audited on its way: no
//! SRTP nonce may be used twice (DESIGN D6). A [`Peer`] keeps a list of faults, everything that a
//! browser would stumble over; [`World::assert_sound`] says that nobody found any.
//!
//! For measuring there is the [`rig`]: a shard alone, and sessions that cost little.
#![forbid(unsafe_code)]

pub mod audit;
pub mod chance;
pub mod clock;
pub mod lanes;
pub mod network;
pub mod peer;
pub mod rig;
pub mod world;

pub use clock::Clock;
pub use network::{Conditions, Network};
pub use peer::{Peer, PeerConfig};
pub use world::{PeerId, World};
