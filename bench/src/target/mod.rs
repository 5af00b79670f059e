//! Whom the load is sent to. A target starts a server on its CPU, brings participants in, and says
//! what they cost; what they then send and receive is the load's business.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::endpoint::Endpoint;
use crate::figures::JoinCost;

pub mod ideal;
pub mod janus;
pub mod millrace;
mod one_way;
#[cfg(test)]
mod rehearsal;
pub mod str0m;
pub mod whip;

/// A meeting as the scenario wants it.
#[derive(Clone, Debug)]
pub struct Room {
    pub seats: Vec<Seat>,
}

/// One participant as the scenario wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seat {
    pub sends_audio: bool,
    /// Encodings of its camera: none, one, or three (simulcast).
    pub video_layers: usize,
    pub audio_slots: usize,
    pub video_slots: usize,
}

/// A running server.
pub trait Target: Debug {
    /// Name and version, for the report.
    fn name(&self) -> String;

    /// Brings everybody in: room by room, seat by seat, in this order in the answer. Returns when
    /// all transports are open. May be called again for more.
    fn join(&mut self, rooms: &[Room]) -> anyhow::Result<Vec<Vec<Endpoint>>>;

    /// The processes whose CPU time and memory count as the server's.
    fn processes(&self) -> Vec<u32>;

    /// The server's own counters, as far as it has any, under its metric names.
    fn counters(&mut self) -> anyhow::Result<BTreeMap<String, f64>>;

    /// How it moves packets: `io_uring`, `mio`, …
    fn driver(&self) -> String;

    /// What the last join took and what limited it, where that is known.
    fn join_cost(&self) -> Option<JoinCost> {
        None
    }

    /// The same as a sentence for a reader.
    fn join_notes(&self) -> Vec<String> {
        Vec::new()
    }
}
