//! The ideal forwarder as a target: no HTTP, no ICE, no DTLS. Addresses and keys are made here and
//! written into its tables, so everybody is in before it starts, and nobody comes after.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::{Room, Target};
use crate::endpoint::Endpoint;
use crate::lab::folder::Folder;
use crate::lab::network::Network;
use crate::lab::process::{Launch, Process};

mod seating;

use seating::seat;

/// The one that costs less; see `bench ideal`.
const BEST_DRIVER: &str = "mio";
const START_TIME_MAX: Duration = Duration::from_secs(15);
/// Of `bench` itself, hidden: runs the forwarder on the tables in a file.
pub(crate) const SUBCOMMAND: &str = "ideal-forwarder";

/// How it is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// As taskset takes them.
    pub cpus: String,
    /// `io_uring` or `mio`; the better one where it is not said.
    pub driver: Option<String>,
}

#[derive(Debug)]
pub struct Ideal {
    options: Options,
    network: Arc<Network>,
    /// Once everybody has joined. Dropped, and so ended, before its folder goes.
    process: Option<Process>,
    folder: Folder,
}

impl Ideal {
    pub fn new(options: Options, network: Arc<Network>) -> anyhow::Result<Self> {
        Ok(Self {
            options,
            network,
            process: None,
            folder: Folder::new()?,
        })
    }

    fn start(&self, tables: &crate::ideal::Tables) -> anyhow::Result<Process> {
        let file = self.folder.path().join("tables.json");
        fs::write(&file, serde_json::to_vec(tables)?)
            .with_context(|| file.display().to_string())?;
        Process::start(&Launch {
            name: "ideal",
            program: &std::env::current_exe()?,
            arguments: vec![SUBCOMMAND.into(), file.into_os_string()],
            environment: Vec::new(),
            cpus: &self.options.cpus,
            namespace: self.network.namespace(),
            folder: self.folder.path(),
        })
    }
}

impl Target for Ideal {
    fn name(&self) -> String {
        "ideal".to_owned()
    }

    fn join(&mut self, rooms: &[Room]) -> anyhow::Result<Vec<Vec<Endpoint>>> {
        if self.process.is_some() {
            bail!("the ideal forwarder's tables are static: nobody can join once it runs");
        }
        let (tables, mut endpoints) = seat(rooms, &self.network, self.driver())?;
        let process = self.start(&tables)?;
        let mut said = String::new();
        process.wait_until(START_TIME_MAX, || {
            said = process.log()?;
            Ok(said.contains('\n'))
        })?;
        let remote = said
            .trim()
            .parse()
            .with_context(|| format!("the ideal forwarder should say its address: {said:?}"))?;
        for endpoint in endpoints.iter_mut().flatten() {
            endpoint.remote = remote;
        }
        self.process = Some(process);
        Ok(endpoints)
    }

    fn processes(&self) -> Vec<u32> {
        self.process.iter().map(Process::pid).collect()
    }

    /// It counts nothing: that would cost.
    fn counters(&mut self) -> anyhow::Result<BTreeMap<String, f64>> {
        Ok(BTreeMap::new())
    }

    fn driver(&self) -> String {
        let chosen = self.options.driver.as_deref();
        chosen
            .filter(|name| *name != "auto")
            .unwrap_or(BEST_DRIVER)
            .to_owned()
    }
}
