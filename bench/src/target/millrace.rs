//! The real server: `millrace core` on its CPU, `millrace sidecar` and the participants on the
//! load's, or a server that already runs somewhere (`--url`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use anyhow::Context as _;

use super::{Room, Target};
use crate::client::dtls::Identity;
use crate::client::http;
use crate::endpoint::Endpoint;
use crate::figures;
use crate::lab::load_cpu::on_load_cpu;
use crate::lab::network::Network;

mod join;
mod join_cost;
mod options;
mod server;
#[cfg(test)]
mod tests;

pub use join_cost::JoinCost;
pub use options::Options;

use join::{Gate, Progress};
use join_cost::Watched;
use server::Server;

/// A server and the way into it.
pub struct Millrace {
    network: Arc<Network>,
    identity: Arc<Identity>,
    url: String,
    /// `None` if it was running before us.
    server: Option<Server>,
    core_cpus: Vec<usize>,
    load_cpu: usize,
    /// Participants so far: each has its own address.
    joined: u32,
    progress: Progress,
    join_cost: JoinCost,
}

impl fmt::Debug for Millrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Millrace")
            .field("server", &self.server)
            .field("joined", &self.joined)
            .finish_non_exhaustive()
    }
}

impl Millrace {
    /// Starts the server, or finds the one that runs. It must be called on a thread that lives as
    /// long as the server shall: roles end with the thread that started them.
    pub fn start(options: &Options, network: Arc<Network>) -> anyhow::Result<Self> {
        let (server, url) = match &options.url {
            Some(url) => (None, url.clone()),
            None => {
                let server = Server::start(options, &network)?;
                let url = server.url().to_owned();
                (Some(server), url)
            }
        };
        Ok(Self {
            network,
            identity: Arc::new(Identity::generate()?),
            url,
            server,
            core_cpus: options.core_cpus()?,
            load_cpu: options.load_cpu()?,
            joined: 0,
            progress: Box::new(|_, _| {}),
            join_cost: JoinCost::default(),
        })
    }

    /// From now on `told` hears how many of how many have joined.
    pub fn on_progress(&mut self, told: impl FnMut(usize, usize) + Send + 'static) {
        self.progress = Box::new(told);
    }

    /// What the last `join` took, and what limited it.
    pub fn join_cost(&self) -> &JoinCost {
        &self.join_cost
    }
}

impl Target for Millrace {
    fn name(&self) -> String {
        concat!("millrace ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    fn join(&mut self, rooms: &[Room]) -> anyhow::Result<Vec<Vec<Endpoint>>> {
        on_load_cpu(self.load_cpu, self, async |this: &mut Self| {
            let first = this.joined;
            let seats: usize = rooms.iter().map(|room| room.seats.len()).sum();
            this.joined += u32::try_from(seats).context("that many participants")?;
            let gate = Gate {
                client: http::Client::new(&this.url)?,
                identity: Arc::clone(&this.identity),
                network: Arc::clone(&this.network),
            };
            let watched = this.server.as_ref().map(|server| Watched {
                core: server.core().pid(),
                sidecar: server.sidecar().pid(),
                core_cpus: this.core_cpus.clone(),
                load_cpu: this.load_cpu,
            });
            let (endpoints, cost) =
                join::all(gate, rooms, first, watched, &mut this.progress).await?;
            this.join_cost = cost;
            Ok(endpoints)
        })
    }

    fn processes(&self) -> Vec<u32> {
        self.server
            .iter()
            .map(|server| server.core().pid())
            .collect()
    }

    fn counters(&mut self) -> anyhow::Result<BTreeMap<String, f64>> {
        let text = on_load_cpu(self.load_cpu, self, async |this: &mut Self| {
            http::Client::new(&this.url)?.get("/metrics").await
        })?;
        Ok(read_metrics(&text))
    }

    fn driver(&self) -> String {
        let known = self.server.as_ref().and_then(Server::driver);
        known.unwrap_or_else(|| "unknown".to_owned())
    }

    fn join_cost(&self) -> Option<figures::JoinCost> {
        self.join_cost.figures()
    }

    fn join_notes(&self) -> Vec<String> {
        vec![self.join_cost().to_string()]
    }
}

/// Prometheus' text format: `name value`, and comments.
fn read_metrics(text: &str) -> BTreeMap<String, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}
