//! The servers that are compared with ours, and how each is started anew for a round. What is missing
//! is said before anything is measured.

use std::sync::Arc;

use super::Bench;
use crate::cli::Peer;
use crate::scenario::Start;
use crate::target::janus::Janus;
use crate::target::whip::{self, Whip};
use crate::target::{Target, str0m};

impl Bench {
    pub(super) fn peer(&self, peer: Peer, options: &whip::Options) -> anyhow::Result<Start<'_>> {
        if peer != Peer::Whip {
            options.ensure_none()?;
        }
        match peer {
            Peer::Janus => Ok(self.janus()),
            Peer::Str0m => self.str0m(),
            Peer::Whip => self.whip(options),
        }
    }

    fn janus(&self) -> Start<'_> {
        Box::new(|| {
            let cpus = self.flags.server.core_cpu_list()?;
            let server = Janus::start(&cpus, self.place.load_cpu, Arc::clone(&self.network))?;
            Ok(Box::new(server) as Box<dyn Target>)
        })
    }

    fn str0m(&self) -> anyhow::Result<Start<'_>> {
        let program = str0m::program()?;
        Ok(Box::new(move || {
            let cpus = self.flags.server.core_cpu_list()?;
            let network = Arc::clone(&self.network);
            let server = str0m::start(program.clone(), &cpus, self.place.load_cpu, network)?;
            Ok(Box::new(server) as Box<dyn Target>)
        }))
    }

    fn whip(&self, options: &whip::Options) -> anyhow::Result<Start<'_>> {
        let server = options.server(self.network.server())?;
        Ok(Box::new(move || {
            let cpus = self.flags.server.core_cpu_list()?;
            let network = Arc::clone(&self.network);
            let running = Whip::start(server.clone(), &cpus, self.place.load_cpu, network)?;
            Ok(Box::new(running) as Box<dyn Target>)
        }))
    }
}
