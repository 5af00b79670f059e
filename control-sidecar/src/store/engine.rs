//! The embedded engine: sled, made durable. The only file that names it.
//!
//! `sled::Db::flush` of 0.34 ends in `sync_file_range`, which reaches neither the device's cache
//! nor the file's metadata (spacejam/sled#1452). So `make_durable` follows it with `fdatasync` of
//! the log, and of the files that sled keeps beside it for values too long for the log.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use sled::Transactional as _;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use super::{StoreError, Tree};

/// One change: `None` deletes.
pub(super) type Change = ((Tree, Vec<u8>), Option<Vec<u8>>);

/// Key and value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

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
    ) -> Result<Vec<Entry>, StoreError> {
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

/// Between two tries at a file when there is no descriptor for it.
const DESCRIPTOR_PAUSE: Duration = Duration::from_millis(50);

/// Opens a file or folder, and waits until there is a descriptor for it: nothing is lost yet, and
/// connections give theirs back.
fn patiently<T>(open: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let mut told = false;
    loop {
        match open() {
            Err(error) if is_out_of_descriptors(&error) => {
                if !told {
                    tracing::warn!(%error, "the store waits for a file descriptor");
                    told = true;
                }
                thread::sleep(DESCRIPTOR_PAUSE);
            }
            opened => return opened,
        }
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE))
}

/// The files under sled that must reach the disk.
#[derive(Debug)]
pub(super) struct Durability {
    log: File,
    blobs: PathBuf,
    synced: HashSet<PathBuf>,
}

impl Durability {
    fn open(path: &Path) -> io::Result<Self> {
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

    fn sync_blobs(&mut self) -> io::Result<()> {
        let mut present = HashSet::new();
        let entries = match patiently(|| fs::read_dir(&self.blobs)) {
            Ok(entries) => entries,
            // sled makes the folder with its first long value.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if !self.synced.contains(&path) {
                match patiently(|| File::open(&path)) {
                    Ok(file) => file.sync_all()?,
                    // sled has collected it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            present.insert(path);
        }
        if present != self.synced {
            patiently(|| File::open(&self.blobs))?.sync_all()?;
            self.synced = present;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_missing_descriptor_is_waited_for_and_nothing_else() {
        let tries = Cell::new(0);
        let opened = patiently(|| {
            tries.set(tries.get() + 1);
            match tries.get() {
                1 => Err(Errno::EMFILE.into()),
                2 => Err(Errno::ENFILE.into()),
                tries => Ok(tries),
            }
        });
        assert_eq!(opened.unwrap(), 3);
        let broken = patiently(|| Err::<(), _>(Errno::EIO.into()));
        assert_eq!(broken.unwrap_err().raw_os_error(), Some(Errno::EIO as i32));
    }
}
