//! A rival: Debian's Janus with its VideoRoom, set up as it is fastest on one CPU.
//!
//! Janus has no transport that both sends and receives: who does both is two endpoints here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use super::one_way::Access;
use super::{Room, Target};
use crate::client::dtls::Identity;
use crate::endpoint::Endpoint;
use crate::lab::folder::Folder;
use crate::lab::load_cpu::on_load_cpu;
use crate::lab::network::{Kind, Network};
use crate::lab::process::{Launch, Process};

mod answer;
mod api;
mod config;
mod join;
#[cfg(test)]
mod tests;
mod video_room;

use api::Api;
use join::Gate;

const START_TIME_MAX: Duration = Duration::from_secs(15);
const STARTS_MAX: usize = 30;
/// What Janus says when its socket has not survived the start.
const STILLBORN: &str = "No Janus API transport is available";

/// A running Janus and the way into it. Fields are dropped, and so undone, in this order.
#[derive(Debug)]
pub struct Janus {
    api: Arc<Api>,
    process: Process,
    _folder: Folder,
    network: Arc<Network>,
    identity: Arc<Identity>,
    version: String,
    load_cpu: usize,
    /// Transports and rooms so far: each transport has its own address.
    transports: u32,
    rooms: u64,
}

impl Janus {
    /// `cpus` are Janus's, as taskset takes them. It must be called on a thread that lives as long
    /// as the server shall.
    pub fn start(cpus: &str, load_cpu: usize, network: Arc<Network>) -> anyhow::Result<Self> {
        if network.kind() == Kind::Lo {
            bail!(
                "Janus offers no candidate on loopback: compare with it over the veth network, as root"
            );
        }
        let program = program()?;
        let folder = Folder::new()?;
        let socket = config::write(folder.path())?;
        let launch = Launch {
            name: "janus",
            program: &program,
            arguments: vec![
                "--configs-folder".into(),
                folder.path().into(),
                "--config".into(),
                folder.path().join(config::MAIN).into(),
            ],
            environment: Vec::new(),
            cpus,
            namespace: network.namespace(),
            folder: folder.path(),
        };
        let (process, api) = launch_until_it_lives(&launch, &socket)?;
        let mut janus = Self {
            api: Arc::new(api),
            process,
            _folder: folder,
            network,
            identity: Arc::new(Identity::generate()?),
            version: String::new(),
            load_cpu,
            transports: 0,
            rooms: 0,
        };
        janus.version = on_load_cpu(janus.load_cpu, &mut janus, async |this: &mut Self| {
            this.api.open().await
        })?;
        Ok(janus)
    }
}

impl Target for Janus {
    fn name(&self) -> String {
        format!("janus {}", self.version)
    }

    fn join(&mut self, rooms: &[Room]) -> anyhow::Result<Vec<Vec<Endpoint>>> {
        let joined = on_load_cpu(self.load_cpu, self, async |this: &mut Self| {
            let gate = Gate {
                api: Arc::clone(&this.api),
                access: Access {
                    identity: Arc::clone(&this.identity),
                    network: Arc::clone(&this.network),
                },
            };
            join::all(gate, rooms, &mut this.rooms, &mut this.transports).await
        });
        // What Janus says when it ends explains more than the answer that did not come.
        self.process.check()?;
        joined
    }

    fn processes(&self) -> Vec<u32> {
        vec![self.process.pid()]
    }

    /// It keeps none that a run could be judged by.
    fn counters(&mut self) -> anyhow::Result<BTreeMap<String, f64>> {
        Ok(BTreeMap::new())
    }

    fn driver(&self) -> String {
        "sendmsg, a packet each".to_owned()
    }
}

fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("janus"))
        .find(|program| program.is_file())
        .context("Janus is not installed: `apt-get install --no-install-recommends janus`")
}

/// The thread of Janus's Unix socket ends at once if it runs before the thread that made it has set
/// a flag, and Janus ends with it. On one CPU that is every second start; the next one is a new draw.
fn launch_until_it_lives(launch: &Launch<'_>, socket: &Path) -> anyhow::Result<(Process, Api)> {
    let mut failed = None;
    for _ in 0..STARTS_MAX {
        let process = Process::start(launch)?;
        let mut api = None;
        let waited = process.wait_until(START_TIME_MAX, || {
            api = Api::connect(socket).ok();
            Ok(api.is_some())
        });
        match (waited, api) {
            (Ok(()), Some(api)) => return Ok((process, api)),
            (Err(error), _) if process.log()?.contains(STILLBORN) => failed = Some(error),
            (Err(error), _) => return Err(error),
            (Ok(()), None) => bail!("Janus takes no requests"),
        }
    }
    Err(failed.unwrap_or_else(|| anyhow!("Janus was not started")))
}
