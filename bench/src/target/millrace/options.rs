//! How the real server is started, as flags of the command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// The millrace executable [default: the one beside this program]
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub millrace: Option<PathBuf>,
    /// Measure a server that runs already, by its HTTP address; its CPU time stays unknown
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Workers of the core [default: 1]
    #[arg(long, value_name = "COUNT")]
    pub workers: Option<u16>,
    /// How the core moves packets: auto, io_uring or mio [default: auto]
    #[arg(long, value_name = "DRIVER")]
    pub driver: Option<String>,
    /// CPUs of the core, as taskset takes them [default: the first]
    #[arg(long, value_name = "CPUS")]
    pub core_cpus: Option<String>,
    /// CPU of the load, and of all of the server but the core [default: the last]
    #[arg(long, value_name = "CPU")]
    pub load_cpu: Option<usize>,
}

impl Options {
    pub fn core_cpus(&self) -> anyhow::Result<String> {
        match &self.core_cpus {
            Some(cpus) => Ok(cpus.clone()),
            None => first_and_last().map(|(first, _)| first.to_string()),
        }
    }

    pub fn load_cpu(&self) -> anyhow::Result<usize> {
        match self.load_cpu {
            Some(cpu) => Ok(cpu),
            None => first_and_last().map(|(_, last)| last),
        }
    }

    /// The executable to start.
    pub(super) fn program(&self) -> anyhow::Result<PathBuf> {
        if let Some(given) = &self.millrace {
            return given
                .canonicalize()
                .with_context(|| format!("--millrace {}", given.display()));
        }
        let own = std::env::current_exe()?;
        // Tests lie one folder deeper.
        let beside = own.ancestors().skip(1).take(2);
        let mut candidates = beside.map(|folder| folder.join("millrace"));
        match candidates.find(|path| path.is_file()) {
            Some(path) => Ok(path),
            None => bail!(
                "there is no millrace beside {}: build it with `cargo build --release`, or say where it is with --millrace PATH",
                own.display()
            ),
        }
    }
}

fn first_and_last() -> anyhow::Result<(usize, usize)> {
    let cores = sfu_uring::allowed_cores()?;
    match (cores.first(), cores.last()) {
        (Some(first), Some(last)) => Ok((*first, *last)),
        _ => bail!("the kernel allows this process no CPU"),
    }
}
