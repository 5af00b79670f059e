//! The packets of a run: what is sent, when, and what became of it.
//!
//! ```text
//!  timetable ─ when ─► sender ─ payload, header ─► wire ═══► server
//!                        ▲ key frames wanted                    │
//!                        └─────────── receiver ◄─ wire ◄════════┘
//!                                        └─► sequence, latency, payload: counted and checked
//! ```
//!
//! Two threads on the load's own CPU, one socket for all participants. Who is to blame for what is
//! lost is `engine::Tally`'s to say.

mod address_book;
mod clock;
mod consent;
mod drops;
mod engine;
mod header;
mod histogram;
mod payload;
mod receiver;
mod sender;
mod sequence;
mod timetable;
mod wire;

#[cfg(test)]
mod tests;

pub use engine::{Engine, LoadOptions, Tally};
#[cfg(test)]
pub use engine::{Received, Sent};
pub use sender::Shape;
