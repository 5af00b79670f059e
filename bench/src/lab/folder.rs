//! A server's folder of its own, gone with the run. Its name holds our process id, so that the next
//! run knows the folders of those that were killed and removes them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::undo::Undo;

const PREFIX: &str = "millrace-bench-";

#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _undo: Undo,
}

impl Folder {
    pub fn new() -> anyhow::Result<Self> {
        let within = std::env::temp_dir();
        remove_leftovers(&within);
        let path = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir_in(&within)
            .with_context(|| format!("a folder in {}", within.display()))?
            .keep();
        let undo = {
            let path = path.clone();
            Undo::new(move || _ = fs::remove_dir_all(path))
        };
        Ok(Self { path, _undo: undo })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What cannot be removed is another user's, and no reason not to run.
fn remove_leftovers(within: &Path) {
    let Ok(entries) = fs::read_dir(within) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(owner);
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The process that made the folder with this name.
fn owner(name: &str) -> Option<u32> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    pid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_no_others() {
        let within = tempfile::tempdir().unwrap();
        // Process ids end at 2^22.
        let dead = within.path().join(format!("{PREFIX}{}-x", 1 << 23));
        let ours = within
            .path()
            .join(format!("{PREFIX}{}-x", std::process::id()));
        let strange = within.path().join("millrace-bench-x-y");
        for folder in [&dead, &ours, &strange] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "").unwrap();
        }
        remove_leftovers(within.path());
        assert!(!dead.exists() && ours.exists() && strange.exists());
    }

    #[test]
    fn one_goes_with_its_owner() {
        let folder = Folder::new().unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
