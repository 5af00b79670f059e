//! `millrace sidecar`: the control plane, until a signal ends it.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{Ended, signals};
use crate::addresses;
use crate::clock::Clock;
use crate::config::{Common, SidecarArgs};
use crate::sidecar::Sidecar;
use crate::startup::{self, StartupError, StartupErrors};
use crate::tls;

pub async fn run(common: &Common, args: &SidecarArgs) -> Result<Ended, StartupErrors> {
    let (data_dir, control_socket) = (common.data_dir(), common.control_socket());
    let mut stop = signals()?;
    let clock = Clock::System;
    let (listeners, bound) = prepare(common, args, &clock)?;
    let sidecar = Sidecar::start(&data_dir.join("store"), control_socket, listeners, clock).await?;
    let mut up = sidecar.app.core.watch_up();
    // Only the outcome leaves the block: the watch's guard would block the agent.
    let linked = async { up.wait_for(|up| *up).await.is_ok() };
    tokio::select! {
        ready = linked => {
            if ready {
                greet(&bound);
            }
            stop().await;
        }
        () = stop() => {}
    }
    sidecar.stop().await;
    Ok(Ended::Stopped)
}

type Listeners = Vec<(TcpListener, Option<TlsAcceptor>)>;

/// Finds everything that is wrong before anything starts.
fn prepare(
    common: &Common,
    args: &SidecarArgs,
    clock: &Clock,
) -> Result<(Listeners, Bound), StartupErrors> {
    let data_dir = common.data_dir();
    let mut errors = StartupErrors::default();
    let writable = errors.note(startup::prepare_data_dir(&data_dir));
    errors.note(startup::prepare_control_socket(&common.control_socket()));
    let (http, https) = if args.http.overlaps(args.https) {
        let (http, https) = (args.http, args.https);
        errors.0.push(StartupError::SamePort { http, https });
        Default::default()
    } else {
        (
            startup::listen(args.http, "--http", &mut errors),
            startup::listen(args.https, "--https", &mut errors),
        )
    };
    let acceptor = writable.and_then(|()| {
        let made = tls::acceptor(&data_dir.join("tls"), &addresses::local(), clock.now());
        errors.note(made.map_err(Into::into))
    });
    errors.check()?;
    let bound = Bound::of(&http, &https);
    let plain = http.into_iter().map(|listener| (listener, None));
    let secure = https
        .into_iter()
        .map(|listener| (listener, acceptor.clone()));
    Ok((plain.chain(secure).collect(), bound))
}

/// Where the page is. Standard output holds nothing else.
#[expect(
    clippy::print_stdout,
    reason = "this is what the operator started it for"
)]
fn greet(bound: &Bound) {
    println!("Millrace is ready:");
    for url in urls(bound, &addresses::local()) {
        println!("  {url}");
    }
    println!("Browsers warn once about the self-signed certificate of the https addresses.");
}

/// What the listeners are really bound to.
#[derive(Debug, Default)]
struct Bound {
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
}

impl Bound {
    fn of(http: &[TcpListener], https: &[TcpListener]) -> Self {
        let addresses = |listeners: &[TcpListener]| {
            let known = listeners.iter().map(TcpListener::local_addr);
            known.filter_map(Result::ok).collect()
        };
        Self {
            http: addresses(http),
            https: addresses(https),
        }
    }
}

/// Plain HTTP for this machine, HTTPS for everywhere else: browsers give cameras to secure pages
/// and to localhost.
fn urls(bound: &Bound, local: &[IpAddr]) -> Vec<String> {
    let at = |bound: &[SocketAddr]| {
        let mut reached: Vec<SocketAddr> = bound
            .iter()
            .flat_map(|listener| {
                let takes = |address: &&IpAddr| {
                    address.is_ipv4() == listener.is_ipv4()
                        && (listener.ip().is_unspecified() || listener.ip() == **address)
                };
                let port = listener.port();
                let taken = local.iter().filter(takes);
                taken.map(move |address| SocketAddr::new(*address, port))
            })
            .collect();
        reached.sort();
        reached
    };
    let (here, there): (Vec<_>, Vec<_>) = at(&bound.http)
        .into_iter()
        .partition(|address| address.ip().is_loopback());
    let mut urls: Vec<String> = match here.first() {
        Some(here) => vec![format!("http://localhost:{}", here.port())],
        None => there
            .iter()
            .map(|address| format!("http://{address}"))
            .collect(),
    };
    let (here, there): (Vec<_>, Vec<_>) = at(&bound.https)
        .into_iter()
        .partition(|address| address.ip().is_loopback());
    let secure = if there.is_empty() { here } else { there };
    urls.extend(secure.iter().map(|address| format!("https://{address}")));
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(http: &str, https: &str) -> Vec<String> {
        let listen = |text: &str| {
            let addresses = text.split_whitespace();
            addresses.map(|address| address.parse().unwrap()).collect()
        };
        let bound = Bound {
            http: listen(http),
            https: listen(https),
        };
        let local = ["127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"];
        urls(&bound, &local.map(|address| address.parse().unwrap()))
    }

    #[test]
    fn only_what_is_bound_is_told() {
        assert_eq!(
            told("0.0.0.0:8080 [::]:8080", "0.0.0.0:8443 [::]:8443"),
            [
                "http://localhost:8080",
                "https://192.0.2.1:8443",
                "https://[2001:db8::1]:8443"
            ]
        );
        assert_eq!(
            told("0.0.0.0:8080", "192.0.2.1:8443"),
            ["http://localhost:8080", "https://192.0.2.1:8443"]
        );
        assert_eq!(
            told("192.0.2.1:80", "127.0.0.1:443"),
            ["http://192.0.2.1:80", "https://127.0.0.1:443"]
        );
    }
}
