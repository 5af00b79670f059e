//! The network between server and load. Each participant has an address of its own out of a range
//! that belongs to this machine as a whole, so that one wildcard socket receives for all of them.
//!
//! ```text
//!  lo:    server 127.0.0.1  ◄──────────────►  participants 127.64.0.0/10
//!
//!  veth:  ┌ namespace millrace-bench-… ──┐    ┌ where we are ──────────────┐
//!         │ server 10.99.0.1             ├────┤ 10.99.0.2                  │
//!         │ 10.100.0.0/14 via 10.99.0.2  │    │ local 10.100.0.0/14 dev lo │
//!         └──────────────────────────────┘    └────────────────────────────┘
//! ```
//!
//! The way back leads where a packet came from on both ends, so that even a strict `rp_filter`
//! lets all pass.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use anyhow::{Context as _, anyhow, bail};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::command::run;
use super::far_side;
use super::undo::Undo;

const NAMESPACE_PREFIX: &str = "millrace-bench-";
const VETH_SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const VETH_LOAD: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
const VETH_PARTICIPANTS: &str = "10.100.0.0/14";
const VETH_FIRST: Ipv4Addr = Ipv4Addr::new(10, 100, 0, 1);
const LO_FIRST: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 1);
/// Addresses of the smaller range, less its first and last.
pub const PARTICIPANTS_MAX: u32 = (1 << 18) - 2;

/// All participants send from this port. On `lo` a free one is taken, since others live there too.
const VETH_PORT: u16 = 40_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Loopback: needs no privilege
    Lo,
    /// A network namespace for the server behind a pair of virtual Ethernet devices: needs root
    #[default]
    Veth,
}

#[derive(Debug)]
pub struct Network {
    kind: Kind,
    port: u16,
    receive_on: Option<usize>,
    namespace: Option<String>,
    /// In the order in which they are undone.
    _undo: Vec<Undo>,
    /// One bench at a time may have the addresses of `veth`.
    _lock: Option<Flock<File>>,
}

impl Network {
    /// Builds it. `receive_on` is the CPU that takes the load's packets off the wire: without it
    /// that work, half of receiving, falls to whichever CPU sends them, which is the server's.
    pub fn new(kind: Kind, receive_on: Option<usize>) -> anyhow::Result<Self> {
        match kind {
            Kind::Lo => Self::lo(receive_on),
            Kind::Veth => Self::veth(receive_on),
        }
    }

    fn lo(receive_on: Option<usize>) -> anyhow::Result<Self> {
        if receive_on.is_some() {
            bail!(
                "lo has one receive queue for both directions: only veth can tell on which CPU the load receives"
            );
        }
        let free = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("a free UDP port")?;
        Ok(Self {
            kind: Kind::Lo,
            port: free.local_addr()?.port(),
            receive_on: None,
            namespace: None,
            _undo: Vec::new(),
            _lock: None,
        })
    }

    fn veth(receive_on: Option<usize>) -> anyhow::Result<Self> {
        if !nix::unistd::geteuid().is_root() {
            bail!("the veth network needs root; run as root, or choose the loopback network");
        }
        let lock = lock()?;
        remove_leftovers()?;
        let names = Names::fresh();
        let undo = names.connect()?;
        if let Some(cpu) = receive_on {
            far_side::receive_on(&names.near, cpu)?;
        }
        Ok(Self {
            kind: Kind::Veth,
            port: VETH_PORT,
            receive_on,
            namespace: Some(names.namespace),
            _undo: undo,
            _lock: Some(lock),
        })
    }

    /// For the report.
    pub fn describe(&self) -> String {
        match (self.kind, self.receive_on) {
            (Kind::Lo, _) => "lo".to_owned(),
            (Kind::Veth, None) => "veth".to_owned(),
            (Kind::Veth, Some(cpu)) => format!("veth, received on CPU {cpu}"),
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's namespace, if it has one of its own.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub fn server(&self) -> IpAddr {
        match self.kind {
            Kind::Lo => Ipv4Addr::LOCALHOST.into(),
            Kind::Veth => VETH_SERVER.into(),
        }
    }

    /// The port that all participants, and so the load's socket, share.
    #[cfg(test)]
    pub fn participant_port(&self) -> u16 {
        self.port
    }

    /// The address of the participant with this number, from 0.
    pub fn participant(&self, number: u32) -> anyhow::Result<SocketAddr> {
        if number >= PARTICIPANTS_MAX {
            bail!("the network has addresses for {PARTICIPANTS_MAX} participants, not for more");
        }
        let first = match self.kind {
            Kind::Lo => LO_FIRST,
            Kind::Veth => VETH_FIRST,
        };
        let address = Ipv4Addr::from_bits(first.to_bits() + number);
        Ok(SocketAddr::from((address, self.port)))
    }
}

/// What a veth network's parts are called. Removing a namespace takes the kernel a moment, so that
/// the next one of this process needs names that are its own.
struct Names {
    namespace: String,
    near: String,
    far: String,
}

impl Names {
    fn fresh() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Relaxed);
        Self::new(&format!("{}.{number}", std::process::id()))
    }

    fn new(tag: &str) -> Self {
        // Linux allows interface names of 15 bytes: a tag has seven digits for the process and up to
        // four for the number.
        Self {
            namespace: format!("{NAMESPACE_PREFIX}{tag}"),
            near: format!("mrl{tag}"),
            far: format!("mrs{tag}"),
        }
    }

    /// Builds it all. What is given undoes it, first to last.
    fn connect(&self) -> anyhow::Result<Vec<Undo>> {
        let Self {
            namespace,
            near,
            far,
        } = self;
        let mut undo = Vec::new();
        let mut undone_by = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            let deed = Undo::new(move || {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                // It may be gone with another part.
                let _ = run(&words);
            });
            undo.insert(0, deed);
        };
        ip(&format!("netns add {namespace}"))?;
        undone_by(&["ip", "netns", "del", namespace]);
        ip(&format!(
            "link add {near} mtu 1500 type veth peer name {far} mtu 1500 netns {namespace}"
        ))?;
        // At once, where with the namespace it would be some time after: its address would be in the
        // way of the next network's.
        undone_by(&["ip", "link", "del", near]);
        for step in [
            format!("addr add {VETH_LOAD}/24 dev {near}"),
            format!("-n {namespace} addr add {VETH_SERVER}/24 dev {far}"),
            format!("link set {near} up"),
            format!("-n {namespace} link set lo up"),
            format!("-n {namespace} link set {far} up"),
            format!("-n {namespace} route add {VETH_PARTICIPANTS} via {VETH_LOAD}"),
        ] {
            ip(&step)?;
        }
        let ours = ["local", VETH_PARTICIPANTS, "dev", "lo"];
        run(&[&["ip", "route", "replace"][..], &ours].concat())?;
        undone_by(&[&["ip", "route", "del"][..], &ours].concat());
        Ok(undo)
    }
}

/// No word of these holds a space.
fn ip(words: &str) -> anyhow::Result<String> {
    let words: Vec<&str> = std::iter::once("ip").chain(words.split(' ')).collect();
    run(&words)
}

/// Held as long as the network is. Tests wait for it, since they run side by side.
fn lock() -> anyhow::Result<Flock<File>> {
    let path = std::env::temp_dir().join("millrace-bench.lock");
    let file = File::create(&path).with_context(|| format!("{}", path.display()))?;
    let how = match cfg!(test) {
        true => FlockArg::LockExclusive,
        false => FlockArg::LockExclusiveNonblock,
    };
    Flock::lock(file, how)
        .map_err(|(_, _)| anyhow!("another bench has the veth network; wait until it has ended"))
}

/// Removes what runs have left that were killed, with whatever still runs in there.
fn remove_leftovers() -> anyhow::Result<()> {
    let listed = run(&["ip", "netns", "list"])?;
    for namespace in listed.lines().filter_map(|line| line.split(' ').next()) {
        let Some(tag) = namespace.strip_prefix(NAMESPACE_PREFIX) else {
            continue;
        };
        let pid = tag.split('.').next().unwrap_or_default();
        if fs::exists(format!("/proc/{pid}"))? {
            continue;
        }
        let inside = run(&["ip", "netns", "pids", namespace])?;
        for pid in inside.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            // It may have ended this moment.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // It may be gone already.
        let _ = run(&["ip", "link", "del", &Names::new(tag).near]);
        run(&["ip", "netns", "del", namespace])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participants_have_addresses_of_their_range() {
        let network = Network::lo(None).unwrap();
        let last = network.participant(PARTICIPANTS_MAX - 1).unwrap();
        assert_eq!(last.ip(), IpAddr::from([127, 67, 255, 254]));
        assert!(network.participant(PARTICIPANTS_MAX).is_err());
        let first = network.participant(0).unwrap();
        assert_eq!(first.ip(), IpAddr::from([127, 64, 0, 1]));
        UdpSocket::bind(first).expect("the whole of 127.0.0.0/8 is local");
    }

    #[test]
    fn names_are_fresh_and_fit() {
        let (one, other) = (Names::fresh(), Names::fresh());
        assert_ne!(one.namespace, other.namespace);
        assert_ne!(one.near, other.near);
        assert!(Names::new("4194304.9999").near.len() <= 15);
    }

    #[test]
    #[ignore = "makes network namespaces, which needs root"]
    fn one_veth_network_after_the_other() {
        for receive_on in [None, Some(1), None, Some(0), None] {
            let network = Network::new(Kind::Veth, receive_on).unwrap();
            let namespace = network.namespace().unwrap().to_owned();
            let listed = run(&["ip", "netns", "list"]).unwrap();
            assert!(listed.contains(&namespace));
            let addresses = run(&["ip", "-4", "addr"]).unwrap();
            assert_eq!(addresses.matches("10.99.0.2/24").count(), 1);
        }
    }
}
