//! What survives a restart. One transaction changes state, outbox and idempotency answer together
//! or not at all, and is acknowledged only once it is on the disk (DESIGN D9).
//!
//! ```text
//! verb ─► Store::write ─► writer thread: run each waiting verb on its Tx, apply it
//!                         then once for all of them: flush, fdatasync
//!                         then: acknowledge, announce events, wake the node agent
//! ```
//!
//! There is one writer, so verbs see each other's changes in full or not at all. Only
//! `engine.rs` names sled.

mod engine;
mod error;
mod idempotency;
mod meetings;
mod node;
mod outbox;
mod participants;
mod record;
mod sessions;
mod tree;
mod tx;
mod writer;

#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use record::Record;
pub use tree::Tree;
pub use tx::Tx;
pub use writer::{Committed, Store};
