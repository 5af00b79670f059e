//! The rules of meetings: verbs over a transaction and its `now`. No HTTP, no engine, no socket.
//!
//! A verb changes state, writes the orders for the core that follow from it, and announces it, all
//! in the transaction that it is given.

pub mod error;
pub mod housekeeping;
pub mod idempotency;
pub mod media;
pub mod meetings;
pub mod mute;
pub mod participants;
pub mod placing;
pub mod reconcile;
pub mod refusals;
pub mod screen;
pub mod sessions;
pub mod tokens;
pub mod turns;
pub mod views;

pub use error::{Lacking, ServiceError};
pub use tokens::Caller;
