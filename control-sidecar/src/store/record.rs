//! A record on the disk: one byte of version, then JSON, which an operator can read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, Tree};
use crate::model;

/// Longer records would leave sled's log for files of their own; nothing we keep comes near.
const RECORD_BYTES_MAX: usize = 256 << 10;

/// A type with a tree of its own.
pub trait Record: Serialize + DeserializeOwned {
    const TREE: Tree;
    /// Raised when the meaning of a field changes; `decode` then learns the older ones.
    const VERSION: u8 = 1;
}

impl Record for model::Meeting {
    const TREE: Tree = Tree::Meeting;
}

impl Record for model::Participant {
    const TREE: Tree = Tree::Participant;
}

impl Record for model::TokenRow {
    const TREE: Tree = Tree::Token;
}

impl Record for model::MediaSession {
    const TREE: Tree = Tree::MediaSession;
}

impl Record for model::OutboxRow {
    const TREE: Tree = Tree::Outbox;
}

impl Record for model::Replay {
    const TREE: Tree = Tree::Idempotency;
}

pub(super) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![R::VERSION];
    serde_json::to_writer(&mut bytes, record).map_err(|error| StoreError::Record {
        tree: R::TREE.name(),
        why: error.to_string(),
    })?;
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(StoreError::TooLong { bytes: bytes.len() });
    }
    Ok(bytes)
}

pub(super) fn decode<R: Record>(bytes: &[u8]) -> Result<R, StoreError> {
    let tree = R::TREE.name();
    let (version, body) = bytes.split_first().ok_or_else(|| StoreError::Record {
        tree,
        why: "it is empty".into(),
    })?;
    if *version > R::VERSION {
        return Err(StoreError::Version {
            tree,
            found: *version,
            known: R::VERSION,
        });
    }
    serde_json::from_slice(body).map_err(|error| StoreError::Record {
        tree,
        why: error.to_string(),
    })
}
