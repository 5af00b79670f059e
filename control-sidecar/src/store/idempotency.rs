//! Answers kept for their repetition, and their ages.

use super::{StoreError, Tree, Tx};
use crate::model::{Replay, Timestamp};

impl Tx<'_> {
    pub fn replay(&self, key: &[u8; 32]) -> Result<Option<Replay>, StoreError> {
        self.get(key)
    }

    pub fn put_replay(&mut self, key: &[u8; 32], replay: &Replay) -> Result<(), StoreError> {
        let age = [replay.created_at.0.to_be_bytes().as_slice(), key.as_slice()].concat();
        self.put_bytes(Tree::IdempotencyAge, age, Vec::new());
        self.put(key.to_vec(), replay)
    }

    /// Deletes up to `limit` answers written before `before`; returns how many it deleted.
    pub fn forget_replays(&mut self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let oldest = self.scan_bytes(Tree::IdempotencyAge, &[], &[], limit)?;
        let mut forgotten = 0;
        for (age, _) in oldest {
            let Some((written, key)) = age.split_first_chunk() else {
                break;
            };
            if u64::from_be_bytes(*written) >= before.0 {
                break;
            }
            self.delete(Tree::Idempotency, key.to_vec());
            self.delete(Tree::IdempotencyAge, age);
            forgotten += 1;
        }
        Ok(forgotten)
    }
}
