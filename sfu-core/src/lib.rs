//! The forwarder role: pinned workers, the handshake thread, and the control socket on which the
//! sidecar gives its orders. The rules are in `sfu-proto`, the system calls in `sfu-uring`; here is
//! the glue.
//!
//! ```text
//!  control ──orders──► mailbox ─► worker 0 (core 0, UDP 10000) ─┐
//!     ▲                mailbox ─► worker 1 (core 1, UDP 10001) ─┼─► handshake thread
//!     └───answers, reports────────────────────┴─────────────────┘      │
//!                      mailbox ◄──────────────── keys, records ────────┘
//! ```
//!
//! Workers share nothing, but a meeting that is larger than a core has a part on several: `handovers`
//! are the rings between them, `control/spreading` says who has parts.
#![forbid(unsafe_code)]

mod candidates;
mod clock;
mod config;
mod control;
mod control_socket;
mod crypto;
pub mod dtls;
mod handovers;
mod handshakes;
mod mailbox;
mod pool;
mod reports;
mod sockets;
mod startup_error;
mod worker;

use std::sync::mpsc::sync_channel;
use std::thread;

pub use config::CoreConfig;
pub use sfu_proto::srtp::CryptoBackend;
pub use sfu_uring::DriverChoice;
pub use startup_error::StartupError;

use config::REPORTS_MAX;
use control::Control;

/// Runs the forwarder until the process ends. It returns only if it could not start.
pub fn run(config: CoreConfig) -> Result<(), StartupError> {
    let listener = control_socket::listen(&config.control_socket)?;
    let (events, queue) = sync_channel(REPORTS_MAX);
    let mailboxes = pool::start(config, &events)?;
    thread::Builder::new()
        .name("control-accept".to_owned())
        .spawn(move || control_socket::accept(&listener, &events))
        .map_err(StartupError::Thread)?;
    Control::new(boot_id(), mailboxes).run(&queue);
    Ok(())
}

/// Differs after every start: sessions of another boot are gone.
fn boot_id() -> u128 {
    u128::from_be_bytes(pool::random())
}
