//! What the sidecar remembers of the core it works with.

use super::{StoreError, Tree, Tx};

/// The core's `boot` when we last heard of it.
const BOOT: &[u8] = b"core_boot";

impl Tx<'_> {
    pub fn core_boot(&self) -> Result<Option<u128>, StoreError> {
        let bytes = self.get_bytes(Tree::Node, BOOT)?;
        Ok(bytes.and_then(|bytes| Some(u128::from_be_bytes(bytes.try_into().ok()?))))
    }

    pub fn put_core_boot(&mut self, boot: u128) {
        self.put_bytes(Tree::Node, BOOT.to_vec(), boot.to_be_bytes().to_vec());
    }
}
