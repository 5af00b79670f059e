//! Two network namespaces and the veth between them. Neither knows of any other network.
//!
//! Near is 10.79.0.1. Far owns all of 10.80.0.0/16 beside its 10.79.0.2, so that the packets of many
//! participants end in one socket. Neighbours are fixed: a far end that drops all answers no ARP.

use std::fs::File;
use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context as _, bail};
use nix::sched::{CloneFlags, setns};

use super::drop_program;

pub(super) const NEAR: Ipv4Addr = Ipv4Addr::new(10, 79, 0, 1);
pub(super) const FAR: Ipv4Addr = Ipv4Addr::new(10, 79, 0, 2);

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Near,
    Far,
}

/// The link; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    near: String,
    far: String,
}

impl Link {
    pub(super) fn new() -> anyhow::Result<Self> {
        let process = std::process::id();
        let link = Self {
            near: format!("millrace-near-{process}"),
            far: format!("millrace-far-{process}"),
        };
        let (near, far) = (&link.near, &link.far);
        for arguments in [
            format!("netns add {near}"),
            format!("netns add {far}"),
            format!(
                "link add near netns {near} address 02:00:00:00:00:01 type veth \
                 peer name far netns {far} address 02:00:00:00:00:02"
            ),
            format!("-n {near} address add {NEAR}/24 dev near"),
            format!("-n {far} address add {FAR}/24 dev far"),
            format!("-n {near} link set near up"),
            format!("-n {far} link set far up"),
            format!("-n {far} link set lo up"),
            format!("-n {near} neighbour add {FAR} lladdr 02:00:00:00:00:02 dev near"),
            format!("-n {far} neighbour add {NEAR} lladdr 02:00:00:00:00:01 dev far"),
            format!("-n {near} route add 10.80.0.0/16 via {FAR}"),
            format!("-n {far} route add local 10.80.0.0/16 dev lo"),
        ] {
            ip(&arguments)?;
        }
        Ok(link)
    }

    /// Far drops all that arrives, in its driver: then near has to cut trains apart itself, as for
    /// a network card that cannot.
    pub(super) fn drop_at_far(&self, drops: bool) -> anyhow::Result<()> {
        let far = &self.far;
        if !drops {
            return ip(&format!("-n {far} link set dev far xdpdrv off"));
        }
        let path = std::env::temp_dir().join(format!("{far}.o"));
        std::fs::write(&path, drop_program::object()).context("write the XDP object")?;
        let shown = path.display();
        let loaded = ip(&format!(
            "-n {far} link set dev far xdpdrv object {shown} section xdp"
        ));
        std::fs::remove_file(&path).context("remove the XDP object")?;
        loaded
    }

    /// Moves the calling thread to one end, for good.
    pub(super) fn enter(&self, end: End) -> anyhow::Result<()> {
        let name = match end {
            End::Near => &self.near,
            End::Far => &self.far,
        };
        let namespace = File::open(format!("/run/netns/{name}")).context("open a namespace")?;
        setns(namespace, CloneFlags::CLONE_NEWNET).context("enter a namespace")
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for name in [&self.near, &self.far] {
            // One that was never made cannot be deleted, and nobody is left to be told.
            let _ = ip(&format!("netns delete {name}"));
        }
    }
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    let output = Command::new("ip")
        .args(arguments.split_ascii_whitespace())
        .output()
        .context("run ip: install iproute2")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("ip {arguments}: {} (this needs root)", said.trim());
    }
    Ok(())
}
