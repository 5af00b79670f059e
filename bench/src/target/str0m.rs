//! A rival out of a package registry: our own small forwarder on the `str0m` crate, `str0m-peer`. It
//! speaks WHIP and WHEP, so all but its start is `whip`'s.

use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;

use super::whip::{Server, Start, Whip};
use crate::lab::network::{Kind, Network};

/// `program` is the forwarder, `cpus` are its own, as taskset takes them. It must be called on a
/// thread that lives as long as the server shall.
pub fn start(
    program: PathBuf,
    cpus: &str,
    load_cpu: usize,
    network: Arc<Network>,
) -> anyhow::Result<Whip> {
    let (http, udp) = ports(&network)?;
    let address = network.server();
    let server = Server {
        name: "str0m-peer".to_owned(),
        driver: "sendto, a packet each".to_owned(),
        publish: format!("http://{address}:{http}/whip/{{room}}/{{seat}}").parse()?,
        play: format!("http://{address}:{http}/whep/{{room}}/{{publisher}}").parse()?,
        token: String::new(),
        transports_before: Arc::default(),
        start: Some(Start {
            program,
            arguments: vec![
                format!("--http={address}:{http}").into(),
                format!("--udp={address}:{udp}").into(),
            ],
        }),
    };
    Whip::start(server, cpus, load_cpu, network)
}

/// In a namespace none of Millrace's: io_uring may hold a socket a moment longer than its process
/// lives. Elsewhere free ones, since others live there too.
fn ports(network: &Network) -> anyhow::Result<(u16, u16)> {
    if network.kind() == Kind::Veth {
        return Ok((8_090, 20_000));
    }
    let http = TcpListener::bind((network.server(), 0))?;
    let udp = UdpSocket::bind((network.server(), 0))?;
    Ok((http.local_addr()?.port(), udp.local_addr()?.port()))
}

/// The executable beside ours.
pub fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // Tests lie one folder deeper.
    let beside = own.ancestors().skip(1).take(2);
    let mut candidates = beside.map(|folder| folder.join("str0m-peer"));
    match candidates.find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!(
            "there is no str0m-peer beside {}: build it with `cargo build --release -p str0m-peer`",
            own.display()
        ),
    }
}
