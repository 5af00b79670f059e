//! The speed of light on this machine, in layers: each is what the next one cannot be cheaper than.
//!
//! ```text
//!  crypto      copy, header, AES-128-GCM; nothing is sent
//!  send        packets that lie ready; no crypto             ┐ one sender on one CPU,
//!  both        crypto and send in one loop                   │ a sink on the other,
//!  forwarder   receive, open, then both: the fair limit      ┘ on `lo`, burst by burst
//! ```
//!
//! `layers` measures them all in one run, in alternating rounds, and holds the forwarder to its
//! word: if it costs more than a tenth above crypto and sending, it is not ideal. The forwarder also
//! runs as a process of its own (`process`), for the scenarios that measure the product.

mod both;
mod bursts;
mod crypto;
mod fastest_cipher;
mod feed;
mod forwarder;
mod layers;
mod outlet;
mod process;
mod send;
mod shape;
mod sink;
mod stopwatch;
mod table;
mod tables;

#[cfg(test)]
pub(crate) use forwarder::Forwarder;
pub(crate) use layers::{Effort, measure};
pub(crate) use process::run_forwarder;
pub(crate) use tables::{Keying, PublisherTable, RoomTable, SlotTable, Tables, ViewerTable};
