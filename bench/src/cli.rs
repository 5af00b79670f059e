//! The command line: a scenario with its size, how it is measured, and the server it is run against.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::drivers::SinkKind;
use crate::lab::network;
use crate::scenario::{Name, Settings, Size};
use crate::target::ideal::SUBCOMMAND;
use crate::target::{millrace, whip};

/// What people come for.
const EXAMPLES: &str = "\
Examples:
  bench fanout                                  beside the ideal forwarder, three rounds
  bench fanout --viewers 300 --fps 60 --html report.html
  bench fanout --search --viewers 200           the highest rate that holds
  bench rooms --json rooms.json                 keep the figures, and later:
  bench rooms --baseline rooms.json             fail if one is worse
  bench hot --workers 2                         one meeting over two workers
  bench compare --peer janus --scenario audio   as root, with Debian's janus installed
  bench compare --peer whip --scenario rooms --peer-command './sfu --bind {server}' \
    --whip-publish 'http://{server}:8080/{room}/{seat}/whip' \
    --whip-play 'http://{server}:8080/{room}/{publisher}/whep'

bench/README.md says how the machine is laid out and how each figure is to be read.";

/// Load and speed of Millrace: real participants against the real server
#[derive(Debug, Parser)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    #[command(subcommand)]
    pub other: Option<Other>,
    /// What is joined and sent
    #[arg(value_enum, required = true)]
    pub scenario: Option<Name>,
    #[command(flatten)]
    pub flags: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Debian's Janus with its VideoRoom
    Janus,
    /// A small forwarder on the str0m crate, out of this repository
    Str0m,
    /// Any server with WHIP and WHEP, by templates of its URLs
    Whip,
}

#[derive(Debug, Subcommand)]
pub enum Other {
    /// The same scenario against Millrace and another server in turn, and their ratio
    Compare {
        #[arg(long, value_enum)]
        peer: Peer,
        #[arg(long, value_enum)]
        scenario: Name,
        #[command(flatten)]
        whip: Box<whip::Options>,
        #[command(flatten)]
        flags: Box<Flags>,
    },
    /// The floor in layers: crypto alone, sending alone, both, and a forwarder that does no more
    Ideal {
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        viewers: usize,
        /// Write all layers to this file as JSON
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// The core's two drivers, io_uring and mio, doing the same work in turn; needs root
    Drivers {
        #[arg(long, value_name = "COUNT", default_value_t = 6)]
        rounds: usize,
        /// Length of one measurement
        #[arg(long, default_value_t = 250)]
        milliseconds: u64,
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = SinkKind::ALL)]
        sinks: Vec<SinkKind>,
        /// Only work whose name contains this
        #[arg(long, value_name = "TEXT", default_value = "")]
        filter: String,
    },
    /// Runs the ideal forwarder on the tables in a file
    #[command(name = SUBCOMMAND, hide = true)]
    IdealForwarder { tables: PathBuf },
}

#[derive(Debug, Args)]
pub struct Flags {
    #[command(flatten)]
    pub size: Size,
    #[command(flatten)]
    pub settings: Settings,
    /// What lies between load and server [default: veth as root, else lo]
    #[arg(long, value_enum)]
    pub network: Option<network::Kind>,
    #[command(flatten, next_help_heading = "Server")]
    pub server: millrace::Options,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_scenario_or_a_comparison_but_not_nothing() {
        let parse = |words: &str| Cli::try_parse_from(words.split(' '));
        let fanout = parse("bench fanout --viewers 50 --json x").unwrap();
        assert_eq!(fanout.scenario, Some(Name::Fanout));
        assert_eq!(fanout.flags.size.viewers, Some(50));
        assert!(
            parse("bench compare --peer janus --scenario rooms")
                .unwrap()
                .other
                .is_some()
        );
        assert!(parse("bench nonsense").is_err());
        assert!(parse("bench compare --peer str0m --scenario rooms").is_ok());
        assert!(Cli::try_parse_from(["bench"]).is_err());
    }

    #[test]
    fn the_peer_whip_needs_its_urls_and_says_what_is_wrong_with_one() {
        let parse = |urls: &str| {
            let words = format!("bench compare --peer whip --scenario rooms {urls}");
            Cli::try_parse_from(words.split_whitespace())
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let publish = "--whip-publish=http://{server}:9/{room}/{seat}";
        let play = "--whip-play=http://{server}:9/{room}/{publisher}";
        assert_eq!(parse(&format!("{publish} {play}")), Ok(()));
        assert!(parse(publish).unwrap_err().contains("--whip-play"));
        let said = parse(&format!("{publish}/{{viewer}} {play}")).unwrap_err();
        assert!(said.contains("{viewer} stands for nothing"), "{said}");
    }
}
