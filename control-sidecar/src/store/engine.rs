//! The embedded engine: sled, made durable. The only file that names it.
//!
//! `sled::Db::flush` of 0.34 ends in `sync_file_range`, which reaches neither the device's cache
//! nor the file's metadata (spacejam/sled#1452). So `make_durable` follows it with `fdatasync` of
//! the log, and of the files that sled keeps beside it for values too long for the log.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sled::Transactional as _;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use super::{StoreError, Tree};

/// One change: `None` deletes.
pub(super) type Change = ((Tree, Vec<u8>), Option<Vec<u8>>);

#[derive(Debug)]
pub(super) struct Engine {
    db: sled::Db,
    trees: Vec<sled::Tree>,
}

impl Engine {
    pub(super) fn open(path: &Path) -> Result<(Self, Durability), StoreError> {
        let failed = |why: String| StoreError::Open {
            path: path.display().to_string(),
            why,
        };
        let db = sled::Config::new()
            .path(path)
            .mode(sled::Mode::HighThroughput)
            .cache_capacity(64 << 20)
            // We flush ourselves, before each acknowledgement.
            .flush_every_ms(None)
            .open()
            .map_err(|error| failed(error.to_string()))?;
        let trees = Tree::ALL
            .iter()
            .map(|tree| db.open_tree(tree.name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(error.to_string()))?;
        let durability = Durability::open(path).map_err(|error| failed(error.to_string()))?;
        Ok((Self { db, trees }, durability))
    }

    fn tree(&self, tree: Tree) -> &sled::Tree {
        // `open` filled the list from `Tree::ALL`, which `index` counts.
        &self.trees[tree.index()]
    }

    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.tree(tree).get(key).map_err(failed)?;
        Ok(value.map(|value| value.to_vec()))
    }

    /// Up to `limit` entries whose keys begin with `prefix` and are at or after `from`.
    pub(super) fn scan(
        &self,
        tree: Tree,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let start = prefix.max(from);
        self.tree(tree)
            .range(start..)
            .take_while(|entry| {
                entry
                    .as_ref()
                    .map_or(true, |(key, _)| key.starts_with(prefix))
            })
            .take(limit)
            .map(|entry| match entry {
                Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
                Err(error) => Err(failed(error)),
            })
            .collect()
    }

    /// All changes or none.
    pub(super) fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let applied = self.trees.as_slice().transaction(|trees| {
            for ((tree, key), value) in &changes {
                let tree = &trees[tree.index()];
                match value {
                    Some(value) => tree.insert(key.as_slice(), value.as_slice())?,
                    None => tree.remove(key.as_slice())?,
                };
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        applied.map_err(|error| match error {
            TransactionError::Storage(error) => failed(error),
            TransactionError::Abort(()) => StoreError::Engine("a transaction was aborted".into()),
        })
    }

    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(failed)
    }
}

fn failed(error: sled::Error) -> StoreError {
    StoreError::Engine(error.to_string())
}

/// The files under sled that must reach the disk.
#[derive(Debug)]
pub(super) struct Durability {
    log: File,
    blobs: PathBuf,
    synced: HashSet<PathBuf>,
}

impl Durability {
    fn open(path: &Path) -> std::io::Result<Self> {
        let log = File::open(path.join("db"))?;
        log.sync_all()?;
        // The names of files made just now are entries of their folders.
        File::open(path)?.sync_all()?;
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self {
            log,
            blobs: path.join("blobs"),
            synced: HashSet::new(),
        })
    }

    /// Everything applied before the call survives a power cut after it.
    pub(super) fn make(&mut self, engine: &Engine) -> Result<(), StoreError> {
        engine.flush()?;
        self.sync_blobs()
            .and_then(|()| self.log.sync_data())
            .map_err(|error| StoreError::Engine(format!("fdatasync: {error}")))
    }

    fn sync_blobs(&mut self) -> std::io::Result<()> {
        let mut present = HashSet::new();
        for entry in fs::read_dir(&self.blobs).into_iter().flatten() {
            let path = entry?.path();
            if !self.synced.contains(&path) {
                match File::open(&path) {
                    Ok(file) => file.sync_all()?,
                    // sled has collected it meanwhile.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            present.insert(path);
        }
        if present != self.synced {
            File::open(&self.blobs)?.sync_all()?;
            self.synced = present;
        }
        Ok(())
    }
}
