//! A transaction: reads go through to the engine under the changes made so far; the changes are
//! applied together at the end, or dropped.

use std::collections::BTreeMap;

use super::engine::Engine;
use super::{Record, StoreError, Tree, record};
use crate::model::{Announcement, Audience, Event, Timestamp};
use sfu_proto::ids::MeetingId;

#[derive(Debug)]
pub struct Tx<'engine> {
    engine: &'engine Engine,
    now: Timestamp,
    pub(super) changes: BTreeMap<(Tree, Vec<u8>), Option<Vec<u8>>>,
    pub(super) announcements: Vec<Announcement>,
}

impl<'engine> Tx<'engine> {
    pub(super) const fn new(engine: &'engine Engine, now: Timestamp) -> Self {
        Self {
            engine,
            now,
            changes: BTreeMap::new(),
            announcements: Vec::new(),
        }
    }

    /// The time of the transaction: verbs read no clock.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Says `event` to the meeting's sockets once the transaction is on the disk.
    pub fn announce(&mut self, meeting: MeetingId, to: Audience, event: Event) {
        self.announcements.push(Announcement { meeting, to, event });
    }

    pub(super) fn get_bytes(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(&(tree, key.to_vec())) {
            Some(changed) => Ok(changed.clone()),
            None => self.engine.get(tree, key),
        }
    }

    pub(super) fn put_bytes(&mut self, tree: Tree, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert((tree, key), Some(value));
    }

    pub(super) fn delete(&mut self, tree: Tree, key: Vec<u8>) {
        self.changes.insert((tree, key), None);
    }

    pub(super) fn get<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        let bytes = self.get_bytes(R::TREE, key)?;
        bytes.map(|bytes| record::decode(&bytes)).transpose()
    }

    pub(super) fn put<R: Record>(&mut self, key: Vec<u8>, value: &R) -> Result<(), StoreError> {
        let bytes = record::encode(value)?;
        self.put_bytes(R::TREE, key, bytes);
        Ok(())
    }

    /// Up to `limit` entries with the prefix, at or after `from`, as they stand in this
    /// transaction.
    pub(super) fn scan_bytes(
        &self,
        tree: Tree,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let start = prefix.max(from).to_vec();
        let changed: Vec<_> = self
            .changes
            .range((tree, start)..)
            .take_while(|((of, key), _)| *of == tree && key.starts_with(prefix))
            .collect();
        // Deleted entries must not use up the limit.
        let stored = self
            .engine
            .scan(tree, prefix, from, limit.saturating_add(changed.len()))?;
        let mut entries: BTreeMap<_, _> = stored.into_iter().collect();
        for ((_, key), value) in changed {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(entries.into_iter().take(limit).collect())
    }

    pub(super) fn scan<R: Record>(
        &self,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<R>, StoreError> {
        self.scan_bytes(R::TREE, prefix, from, limit)?
            .iter()
            .map(|(_, bytes)| record::decode(bytes))
            .collect()
    }
}
