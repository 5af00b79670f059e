//! How a scenario is measured, whatever it is: the flags that all share.

use std::path::PathBuf;

use crate::load::LoadOptions;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReceiverKind {
    /// Takes whole trains (UDP_GRO), as a network card with its offloads delivers them
    #[default]
    Gro,
    /// One datagram at a time: the cutting of trains is paid here
    Plain,
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Measuring")]
pub struct Settings {
    /// Length of a measured window [default: the scenario's own, mostly 10]
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// Find the highest rate that holds: loss at most 0.1 %, P99 at most 250 ms
    #[arg(long)]
    pub search: bool,
    /// Rounds of each, in turn, where two are compared
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub rounds: u32,
    /// How the load receives
    #[arg(long, value_enum, default_value_t)]
    pub receiver: ReceiverKind,
    /// Let the load's CPU take packets off the wire, not the server's, as on another machine: it
    /// looks each 100 µs. Needs veth and the program ethtool
    #[arg(long)]
    pub steer: bool,
    /// Let the load send each packet of a frame by itself
    #[arg(long)]
    pub send_singly: bool,
    /// One packet in so many is opened and checked bit for bit; rounded up to a power of two
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub open_one_in: u64,
    /// Write all figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a report with plots to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Fail if a figure is worse than in this file of an earlier --json
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// The share by which a figure may be worse than the baseline's
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.15,
        requires = "baseline"
    )]
    pub tolerance: f64,
}

/// Where server and load run, and what lies between them.
#[derive(Clone, Debug)]
pub struct Place {
    pub core_cpus: Vec<usize>,
    pub load_cpu: usize,
    /// Whether the server has a network namespace of its own.
    pub has_own_namespace: bool,
    /// As the report names it.
    pub network: String,
}

impl Place {
    /// Whether the server has its CPUs for itself.
    pub fn is_apart(&self) -> bool {
        !self.core_cpus.contains(&self.load_cpu)
    }
}

impl Settings {
    pub fn load(&self, place: &Place) -> LoadOptions {
        LoadOptions {
            cpu: Some(place.load_cpu),
            receives_trains: self.receiver == ReceiverKind::Gro,
            sends_trains: !self.send_singly,
            opened_one_in: self.open_one_in,
        }
    }

    pub fn network(&self, place: &Place) -> String {
        let receiver = match self.receiver {
            ReceiverKind::Gro => "UDP_GRO receiver",
            ReceiverKind::Plain => "plain receiver",
        };
        format!("{}, {receiver}", place.network)
    }
}
