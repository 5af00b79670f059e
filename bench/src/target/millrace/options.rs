//! How the real server is started, as flags of the command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// As the kernel has it at most (`NR_CPUS`).
const CPUS_MAX: usize = 8_192;

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
    /// CPUs of the core, as taskset takes them [default: the first, as many as there are workers]
    #[arg(long, value_name = "CPUS")]
    pub core_cpus: Option<String>,
    /// CPU of the load, and of all of the server but the core [default: the last]
    #[arg(long, value_name = "CPU")]
    pub load_cpu: Option<usize>,
}

impl Options {
    pub fn core_cpus(&self) -> anyhow::Result<Vec<usize>> {
        if let Some(list) = &self.core_cpus {
            return parse_cpus(list)
                .with_context(|| format!("--core-cpus {list}: not a list of CPUs"));
        }
        let all = sfu_uring::allowed_cores()?;
        Ok(all.into_iter().take(self.workers().into()).collect())
    }

    /// As taskset takes them.
    pub fn core_cpu_list(&self) -> anyhow::Result<String> {
        let cpus: Vec<String> = self.core_cpus()?.iter().map(usize::to_string).collect();
        Ok(cpus.join(","))
    }

    pub fn workers(&self) -> u16 {
        self.workers.unwrap_or(1)
    }

    pub fn load_cpu(&self) -> anyhow::Result<usize> {
        match self.load_cpu {
            Some(cpu) => Ok(cpu),
            None => sfu_uring::allowed_cores()?
                .last()
                .copied()
                .context("the kernel allows this process no CPU"),
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

/// `0,2-3`
fn parse_cpus(list: &str) -> Option<Vec<usize>> {
    let mut cpus = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: usize = first.trim().parse().ok()?;
        let last: usize = last.trim().parse().ok()?;
        // No machine has more, and a slip of the finger is no reason to count to 2^64.
        if first > last || last >= CPUS_MAX {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_read_as_taskset_reads_them() {
        assert_eq!(parse_cpus("0"), Some(vec![0]));
        assert_eq!(parse_cpus("0,2-4"), Some(vec![0, 2, 3, 4]));
        for wrong in ["", "a", "3-2", "0,", "0-99999999999"] {
            assert_eq!(parse_cpus(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_worker_has_a_cpu_as_far_as_there_are_any() {
        let all = sfu_uring::allowed_cores().unwrap();
        let options = Options {
            workers: Some(2),
            ..Options::default()
        };
        assert_eq!(options.core_cpus().unwrap(), all[..all.len().min(2)]);
        assert_eq!(Options::default().core_cpus().unwrap(), all[..1]);
    }
}
