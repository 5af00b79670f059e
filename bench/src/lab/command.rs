//! Runs the machine's own tools: `ip`, `git`.

use std::process::Command;

use anyhow::{Context as _, bail};

/// Runs `words`, the program first, and gives what it printed.
pub fn run(words: &[&str]) -> anyhow::Result<String> {
    let Some((program, arguments)) = words.split_first() else {
        bail!("no program to run");
    };
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("{program} cannot be run: is it installed?"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        bail!(
            "`{}` failed ({}): {}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )
    }
}
