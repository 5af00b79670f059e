//! What roles as processes have in common: how they end, and the signals that make them.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How a role ended, and what its exit status says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it was told to.
    Stopped,
    /// By a mistake of configuration: starting it again would not help.
    Misconfigured,
    Failed,
}

impl Ended {
    /// EX_CONFIG of sysexits.h; clap ends with 2 on a command line that it does not understand.
    pub const MISCONFIGURED: u8 = 78;
    pub const MISUSED: u8 = 2;

    pub const fn status(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Misconfigured => Self::MISCONFIGURED,
            Self::Failed => 1,
        }
    }
}

/// SIGTERM and SIGINT, whichever comes.
pub fn signals() -> io::Result<impl AsyncFnMut()> {
    let mut terminate: Signal = signal(SignalKind::terminate())?;
    let mut interrupt: Signal = signal(SignalKind::interrupt())?;
    Ok(async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
