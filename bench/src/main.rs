//! `bench SCENARIO`: load and speed of the real server, and the floor below it.
//!
//! ```text
//!  scenario/   what is joined and sent, how long, and what is counted
//!     ├─ target/    whom it is sent to: the real server, the ideal forwarder, a rival
//!     │     └─ client/   one participant's way in: HTTP, ICE, DTLS  ─►  Endpoint
//!     ├─ load/      the packets: sender, receiver, counting, latency
//!     ├─ lab/       the network between the two, CPUs, what they cost
//!     └─ report/    terminal, JSON, HTML
//!  ideal/      crypto alone, sending alone, both, and a forwarder that does nothing else
//!  drivers/    io_uring against mio
//! ```

#![expect(
    unreachable_pub,
    reason = "nothing leaves a program: `pub` says what a folder offers to the others"
)]

mod cli;
mod client;
mod command;
mod drivers;
mod endpoint;
mod figures;
mod ideal;
mod lab;
mod load;
mod report;
mod scenario;
mod target;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match command::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
