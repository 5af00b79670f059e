//! Where and of what was measured: machine, kernel, commit.

use std::fs;

use anyhow::Context as _;

use super::command::run;
use crate::figures::Machine;

impl Machine {
    pub fn here() -> anyhow::Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
        let model = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .and_then(|rest| rest.split_once(": "))
            .map_or(std::env::consts::ARCH, |(_, name)| name);
        let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        Ok(Self {
            cpu: model.to_owned(),
            cpus: sfu_uring::allowed_cores()?.len(),
            kernel: release.trim().to_owned(),
            mitigations: mitigations().unwrap_or_default(),
        })
    }
}

/// Those that the kernel applies, by the name of what they are against.
fn mitigations() -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/sys/devices/system/cpu/vulnerabilities")? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if text.contains("Mitigation") {
            all.push(format!("{name}: {}", text.trim()));
        }
    }
    all.sort();
    Ok(all)
}

/// The commit that this was built from, marked if the tree has changes that are in no commit.
pub fn commit() -> anyhow::Result<String> {
    let git = ["git", "-C", env!("CARGO_MANIFEST_DIR")];
    let commit = run(&[&git[..], &["rev-parse", "--short=12", "HEAD"]].concat())
        .context("which commit this is")?;
    let changes = run(&[&git[..], &["status", "--porcelain", "--untracked-files=no"]].concat())?;
    let mark = if changes.is_empty() { "" } else { "-dirty" };
    Ok(format!("{}{mark}", commit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_known() {
        let machine = Machine::here().unwrap();
        assert!(machine.cpus > 0 && !machine.cpu.is_empty() && !machine.kernel.is_empty());
    }
}
