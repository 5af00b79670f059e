//! A participant as a browser is one, built on the protocol parts of `sfu-proto`: it checks ICE,
//! shakes hands, publishes, answers feedback, and receives its slots with a critical eye.

pub mod audio;
pub mod ice;
pub mod media;
pub mod numbers;
mod participant;
pub mod sender;
pub mod slot;
pub mod video;

pub use participant::{Peer, PeerConfig};
