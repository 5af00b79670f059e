//! Any WHIP and WHEP server as flags of the command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::template::{PlayUrl, PublishUrl, at};
use super::{Server, Start};

#[derive(Clone, Debug, Default, clap::Args)]
// Each set of flags is a group to clap, by its type's name: there is another `Options`.
#[group(id = "whip")]
#[command(next_help_heading = "The peer whip")]
pub struct Options {
    /// Where a publisher's offer goes: http://{server}:8889/{room}-{seat}/whip. {server} is the
    /// address of the server's end of the network
    #[arg(long, value_name = "URL", required_if_eq("peer", "whip"))]
    pub whip_publish: Option<PublishUrl>,
    /// Where an offer to watch one publisher goes: http://{server}:8889/{room}-{publisher}/whep.
    /// {publisher} is that one's seat, {seat} the viewer's
    #[arg(long, value_name = "URL", required_if_eq("peer", "whip"))]
    pub whip_play: Option<PlayUrl>,
    /// Bearer token of all offers
    #[arg(long, value_name = "TOKEN")]
    pub whip_token: Option<String>,
    /// Starts the server, on the CPU and behind the wire that all are measured on: one program with
    /// its arguments, as a shell reads them; {server} as above. Without, one is measured that runs on
    /// this machine already (--network lo), and its CPU time and memory stay unknown
    #[arg(long, value_name = "COMMAND")]
    pub peer_command: Option<String>,
}

impl Options {
    /// `address` is the server's end of the network.
    pub fn server(&self, address: IpAddr) -> anyhow::Result<Server> {
        let publish = self.whip_publish.as_ref();
        let publish = publish.context("--peer whip needs --whip-publish URL")?;
        let play = self.whip_play.as_ref();
        let play = play.context("--peer whip needs --whip-play URL")?;
        let publish = publish.at(address);
        Ok(Server {
            name: format!("whip {}", publish.authority()),
            driver: "unknown".to_owned(),
            play: play.at(address),
            publish,
            transports_before: Arc::default(),
            token: self.whip_token.clone().unwrap_or_default(),
            // The shell becomes the program, so that its process is the one that is measured.
            start: self.peer_command.as_ref().map(|command| Start {
                program: PathBuf::from("sh"),
                arguments: vec!["-c".into(), format!("exec {}", at(command, address)).into()],
            }),
        })
    }

    /// An error if one was given: they are of no use to another peer.
    pub fn ensure_none(&self) -> anyhow::Result<()> {
        let given = [
            ("--whip-publish", self.whip_publish.is_some()),
            ("--whip-play", self.whip_play.is_some()),
            ("--whip-token", self.whip_token.is_some()),
            ("--peer-command", self.peer_command.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => bail!("{flag} is for --peer whip alone"),
            None => Ok(()),
        }
    }
}
