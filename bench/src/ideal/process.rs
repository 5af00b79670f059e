//! The ideal forwarder as a process: tables from a file, its address on standard output, then it
//! forwards until it is killed. It stays on the CPU that it is started on.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::forwarder::Forwarder;
use super::tables::Tables;

/// It waits for packets and nothing else.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Never returns but with an error.
pub(crate) fn run_forwarder(tables: &Path) -> anyhow::Result<()> {
    let text = fs::read(tables).with_context(|| tables.display().to_string())?;
    let tables: Tables = serde_json::from_slice(&text).context("these are no tables")?;
    let mut forwarder = Forwarder::open(&tables)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", forwarder.address()).context("cannot say where it listens")?;
    out.flush()?;
    loop {
        forwarder.pass(TIMEOUT)?;
    }
}
