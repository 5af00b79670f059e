//! `millrace sidecar`: the control plane, until a signal ends it.

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Ended, signals};
use crate::addresses;
use crate::clock::Clock;
use crate::config::{Common, SidecarArgs};
use crate::sidecar::Sidecar;
use crate::startup::{self, StartupErrors};
use crate::tls;

pub async fn run(common: &Common, args: &SidecarArgs) -> Result<Ended, StartupErrors> {
    let (data_dir, control_socket) = (common.data_dir(), common.control_socket());
    let mut stop = signals()?;
    let clock = Clock::System;
    let listeners = prepare(common, args, &clock)?;
    let sidecar = Sidecar::start(&data_dir.join("store"), control_socket, listeners, clock).await?;
    let mut up = sidecar.app.core.watch_up();
    tokio::select! {
        // Not the watch's own answer: it is a lock, and would be held until the end.
        is_up = async { up.wait_for(|up| *up).await.is_ok() } => {
            if is_up {
                greet(args);
            }
            stop().await;
        }
        () = stop() => {}
    }
    sidecar.stop().await;
    Ok(Ended::Stopped)
}

/// Finds everything that is wrong before anything starts.
fn prepare(
    common: &Common,
    args: &SidecarArgs,
    clock: &Clock,
) -> Result<Vec<(TcpListener, Option<TlsAcceptor>)>, StartupErrors> {
    let data_dir = common.data_dir();
    let mut errors = StartupErrors::default();
    let writable = errors.note(startup::prepare_data_dir(&data_dir));
    errors.note(startup::prepare_control_socket(&common.control_socket()));
    let http = startup::listen(args.http, "--http", &mut errors);
    let https = startup::listen(args.https, "--https", &mut errors);
    let acceptor = writable.and_then(|()| {
        let made = tls::acceptor(&data_dir.join("tls"), &addresses::local(), clock.now());
        errors.note(made.map_err(Into::into))
    });
    errors.check()?;
    let plain = http.into_iter().map(|listener| (listener, None));
    let secure = https
        .into_iter()
        .map(|listener| (listener, acceptor.clone()));
    Ok(plain.chain(secure).collect())
}

/// Where the page is. Standard output holds nothing else.
#[expect(
    clippy::print_stdout,
    reason = "this is what the operator started it for"
)]
fn greet(args: &SidecarArgs) {
    println!("Millrace is ready:");
    println!("  http://localhost:{}", args.http.port());
    for address in addresses::lan() {
        println!(
            "  https://{}",
            std::net::SocketAddr::new(address, args.https.port())
        );
    }
    println!("Browsers warn once about the self-signed certificate of the https addresses.");
}
