//! The files that belong to the project: what git tracks or would track. A copy without git is
//! walked instead, leaving out what builds and installs put there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "dist", "results"];

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file with its path from the root. Built assets and pictures are left out.
pub(crate) fn read(root: &Path) -> Vec<(String, String)> {
    let mut paths = tracked(root).unwrap_or_else(|| walked(root));
    paths.sort_unstable();
    paths.dedup();
    paths.retain(|path| !path.split('/').any(|part| NOT_OURS.contains(&part)));
    paths
        .into_iter()
        .filter_map(|path| Some((fs::read_to_string(root.join(&path)).ok()?, path)))
        .map(|(text, path)| (path, text))
        .collect()
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    // New files count before they are added: the finding comes while they are being written.
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root)
        .output()
        .ok()?;
    let names = String::from_utf8(output.stdout).ok()?;
    let names: Vec<_> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    (output.status.success() && !names.is_empty()).then_some(names)
}

fn walked(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if NOT_OURS.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(root) {
                found.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}

#[test]
fn both_ways_find_this_file() {
    let this = "tests/tests/tidy/tree.rs";
    assert!(walked(&root()).iter().any(|path| path == this));
    assert!(read(&root()).iter().any(|(path, _)| path == this));
    assert!(
        read(&root())
            .iter()
            .all(|(path, _)| !path.contains("node_modules"))
    );
}
