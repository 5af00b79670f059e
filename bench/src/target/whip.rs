//! A rival that speaks WHIP (RFC 9725) and WHEP: any server of that kind, by templates of its URLs.
//! It runs already, or a command starts it where the other targets run.
//!
//! Each participant that sends is one transport, and each publisher that somebody watches is one
//! more for each who does: such servers know nothing of meetings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;

use super::one_way::Access;
use super::{Room, Target};
use crate::client::dtls::Identity;
use crate::client::{http, random};
use crate::endpoint::Endpoint;
use crate::lab::folder::Folder;
use crate::lab::load_cpu::on_load_cpu;
use crate::lab::network::Network;
use crate::lab::process::{Launch, Process};

mod join;
mod options;
mod template;
#[cfg(test)]
mod tests;

pub use options::Options;
pub use template::{PlayUrl, PublishUrl};

use join::Gate;

const START_TIME_MAX: Duration = Duration::from_secs(15);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);

/// How a server is reached, and started if it does not run yet.
#[derive(Clone, Debug)]
pub struct Server {
    /// For the report.
    pub name: String,
    pub driver: String,
    pub publish: PublishUrl,
    pub play: PlayUrl,
    /// May be empty.
    pub token: String,
    /// `None` if it runs already.
    pub start: Option<Start>,
    /// Transports of earlier rounds: a server that outlives a round may still take packets from
    /// their addresses for theirs.
    pub transports_before: Arc<AtomicU32>,
}

#[derive(Clone, Debug)]
pub struct Start {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

/// A running server and the way into it. Fields are dropped, and so undone, in this order.
#[derive(Debug)]
pub struct Whip {
    server: Server,
    /// `None` if it was running before us.
    process: Option<Process>,
    _folder: Folder,
    network: Arc<Network>,
    identity: Arc<Identity>,
    load_cpu: usize,
    /// No two runs meet in one room of a server that outlives them.
    prefix: String,
    /// Transports and rooms so far: each transport has its own address.
    transports: u32,
    rooms: usize,
}

impl Whip {
    /// `cpus` are the server's, as taskset takes them. It must be called on a thread that lives as
    /// long as the server shall.
    pub fn start(
        server: Server,
        cpus: &str,
        load_cpu: usize,
        network: Arc<Network>,
    ) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let process = match &server.start {
            Some(start) => Some(launch(start, &server, cpus, &network, &folder)?),
            None => None,
        };
        let transports = match process {
            Some(_) => 0,
            None => server.transports_before.load(Relaxed),
        };
        Ok(Self {
            server,
            process,
            _folder: folder,
            network,
            identity: Arc::new(Identity::generate()?),
            load_cpu,
            prefix: format!("bench-{}", random::hex::<4>()?),
            transports,
            rooms: 0,
        })
    }
}

impl Target for Whip {
    fn name(&self) -> String {
        self.server.name.clone()
    }

    fn join(&mut self, rooms: &[Room]) -> anyhow::Result<Vec<Vec<Endpoint>>> {
        let joined = on_load_cpu(self.load_cpu, self, async |this: &mut Self| {
            let gate = Gate {
                publish: http::Client::new(&this.server.publish.origin())?,
                play: http::Client::new(&this.server.play.origin())?,
                server: this.server.clone(),
                prefix: this.prefix.clone(),
                rooms_before: this.rooms,
                access: Access {
                    identity: Arc::clone(&this.identity),
                    network: Arc::clone(&this.network),
                },
            };
            this.rooms += rooms.len();
            join::all(gate, rooms, &mut this.transports).await
        });
        self.server
            .transports_before
            .store(self.transports, Relaxed);
        // What a server says when it ends explains more than the answer that did not come.
        if let Some(process) = &self.process {
            process.check()?;
        }
        joined
    }

    fn processes(&self) -> Vec<u32> {
        self.process.iter().map(Process::pid).collect()
    }

    /// None that all such servers have.
    fn counters(&mut self) -> anyhow::Result<BTreeMap<String, f64>> {
        Ok(BTreeMap::new())
    }

    fn driver(&self) -> String {
        self.server.driver.clone()
    }
}

/// It is ready when something takes connections where offers go.
fn launch(
    start: &Start,
    server: &Server,
    cpus: &str,
    network: &Network,
    folder: &Folder,
) -> anyhow::Result<Process> {
    let authority = server.publish.authority();
    let authority = match authority.contains(':') {
        true => authority,
        false => format!("{authority}:80"),
    };
    let addresses: Vec<SocketAddr> = authority
        .to_socket_addrs()
        .with_context(|| format!("--whip-publish: {authority} is no address"))?
        .collect();
    let process = Process::start(&Launch {
        name: "peer",
        program: &start.program,
        arguments: start.arguments.clone(),
        environment: Vec::new(),
        cpus,
        namespace: network.namespace(),
        folder: folder.path(),
    })?;
    process.wait_until(START_TIME_MAX, || {
        let mut tried = addresses.iter();
        Ok(tried.any(|it| TcpStream::connect_timeout(it, CONNECT_TIME_MAX).is_ok()))
    })?;
    Ok(process)
}
