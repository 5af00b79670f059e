//! The link to this box's core: orders go out of the outbox, answers and reports come in.
//!
//! [`agent`] keeps the socket, [`CoreLink`] is what the rest of the sidecar holds of it,
//! [`reports`] turns what the core says into [`Live`] state and events.

pub mod agent;
mod connection;
mod link;
mod live;
pub mod reports;

pub use link::{CoreLink, Direct, Unanswered};
pub use live::{Live, SessionLive};
