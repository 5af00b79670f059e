//! `str0m-peer`: a rival for `bench compare`, written as one writes a forwarder on the str0m crate.
//! No part of the product.
//!
//! ```text
//!  signalling  POST /whip/ROOM/SEAT, POST /whep/ROOM/SEAT ─ offer, answer ─► Rtc
//!                                                                             │
//!  forwarder   one UDP socket ─► whose? ─► session ─ RTP ─► its viewers' sessions ─► socket
//! ```
//!
//! One thread does it all. Each publisher and each viewing of a publisher is an `Rtc` of its own,
//! in str0m's RTP mode: media is opened, kept for repair and sealed by str0m, packet by packet.

mod forwarder;
mod session;
mod sessions;
mod signalling;

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use forwarder::Forwarder;
use signalling::Signalling;

/// Requests that may wait for the forwarder.
const REQUESTS_MAX: usize = 64;

/// A small forwarder on the str0m crate, with WHIP and WHEP
#[derive(Debug, Parser)]
struct Cli {
    /// Where offers are taken: POST /whip/ROOM/SEAT to publish, POST /whep/ROOM/SEAT to watch
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Where media is sent to: an address that clients reach, for it is the only candidate
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:10000")]
    udp: SocketAddr,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&cli))
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let http = TcpListener::bind(cli.http)
        .await
        .with_context(|| format!("--http {}", cli.http))?;
    let udp = UdpSocket::bind(cli.udp)
        .await
        .with_context(|| format!("--udp {}", cli.udp))?;
    let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
    let signalling = Signalling::new(udp.local_addr()?, requests)?;
    tokio::spawn(signalling.serve(http));
    Forwarder::new(udp)?.run(waiting).await
}
