//! The ideal forwarder as a process: tables on standard input, its address on standard output, then
//! it forwards until it is killed.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use sfu_uring::pin_current_thread;

use super::forwarder::Forwarder;
use super::tables::Tables;

/// It waits for packets and nothing else.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Never returns but with an error.
pub(crate) fn run_forwarder() -> anyhow::Result<()> {
    let tables: Tables = serde_json::from_reader(io::stdin().lock())
        .context("the tables on standard input cannot be read")?;
    if let Some(cpu) = tables.cpu {
        pin_current_thread(cpu).with_context(|| format!("cannot run on CPU {cpu}"))?;
    }
    let mut forwarder = Forwarder::open(&tables)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", forwarder.address()).context("cannot say where it listens")?;
    out.flush()?;
    loop {
        forwarder.pass(TIMEOUT)?;
    }
}
