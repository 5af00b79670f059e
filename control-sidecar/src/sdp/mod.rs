//! Text ends here: an SDP offer comes in, a typed plan for the core and an SDP answer go out.
//!
//! ```text
//! text ─ offer::parse ─► Offer ─ plan ─┬─► SessionPlan ─► core ─► SessionOpened ─┐
//!                                      └─► Negotiated ───────────────────────────┴─ answer ─► text
//! ```
//!
//! `offer` knows grammar and refuses what is *broken* (HTTP 400); `plan` knows what this server
//! needs and refuses what *lacks* it (HTTP 422). Candidates of the far side are never looked at:
//! as an ICE-lite agent we answer where checks come from, and resolve nobody's names.

mod answer;
mod attribute;
mod candidate;
mod codec;
mod error;
mod extension;
pub mod fragment;
mod grammar;
mod line;
pub mod offer;
mod plan;
mod section;
mod text;
mod transport;

#[cfg(test)]
mod tests;

pub use answer::{WrongSlotCount, answer};
pub use error::{Broken, Lacks, Rejection, SdpError, SdpErrorKind};
pub use offer::Offer;
pub use plan::{Negotiated, Terms, plan};
