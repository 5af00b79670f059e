//! The network between server and load. Each participant has an address of its own out of a range
//! that belongs to this machine as a whole, so that one wildcard socket receives for all of them.
//!
//! ```text
//!  lo:    server 127.0.0.1  ◄──────────────►  participants 127.64.0.0/10
//!
//!  veth:  ┌ namespace millrace-bench-PID ┐    ┌ where we are ──────────────┐
//!         │ server 10.99.0.1             ├────┤ 10.99.0.2                  │
//!         │ 10.100.0.0/14 via 10.99.0.2  │    │ local 10.100.0.0/14 dev lo │
//!         └──────────────────────────────┘    └────────────────────────────┘
//! ```
//!
//! The way back leads where a packet came from on both ends, so that even a strict `rp_filter`
//! lets all pass.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context as _, anyhow, bail};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::command::run;
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
        let pid = std::process::id();
        let namespace = format!("{NAMESPACE_PREFIX}{pid}");
        run(&["ip", "netns", "add", &namespace])?;
        let mut undo = vec![{
            let namespace = namespace.clone();
            // With the namespace goes its end of the pair, and with that the other.
            Undo::new(move || _ = run(&["ip", "netns", "del", &namespace]))
        }];
        // Linux allows interface names of 15 bytes.
        let (ours, theirs) = (format!("mrl{pid}"), format!("mrs{pid}"));
        let to_load = VETH_LOAD.to_string();
        let there = ["ip", "-n", &namespace];
        let here = ["ip"];
        let steps: [(&[&str], &[&str]); 8] = [
            (
                &here,
                &[
                    "link", "add", &ours, "mtu", "1500", "type", "veth", "peer", "name", &theirs,
                    "mtu", "1500", "netns", &namespace,
                ],
            ),
            (
                &here,
                &["addr", "add", &format!("{VETH_LOAD}/24"), "dev", &ours],
            ),
            (
                &there,
                &["addr", "add", &format!("{VETH_SERVER}/24"), "dev", &theirs],
            ),
            (&here, &["link", "set", &ours, "up"]),
            (&there, &["link", "set", "lo", "up"]),
            (&there, &["link", "set", &theirs, "up"]),
            (
                &there,
                &["route", "add", VETH_PARTICIPANTS, "via", &to_load],
            ),
            (
                &here,
                &["route", "replace", "local", VETH_PARTICIPANTS, "dev", "lo"],
            ),
        ];
        undo.insert(
            0,
            Undo::new(|| {
                _ = run(&[
                    "ip",
                    "route",
                    "del",
                    "local",
                    VETH_PARTICIPANTS,
                    "dev",
                    "lo",
                ])
            }),
        );
        for (place, words) in steps {
            run(&[place, words].concat())?;
        }
        if let Some(cpu) = receive_on {
            steer(&ours, cpu)?;
        }
        Ok(Self {
            kind: Kind::Veth,
            port: VETH_PORT,
            receive_on,
            namespace: Some(namespace),
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

/// Held as long as the network is.
fn lock() -> anyhow::Result<Flock<File>> {
    let path = std::env::temp_dir().join("millrace-bench.lock");
    let file = File::create(&path).with_context(|| format!("{}", path.display()))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, _)| anyhow!("another bench has the veth network; wait until it has ended"))
}

/// Removes what runs have left that were killed, with whatever still runs in there.
fn remove_leftovers() -> anyhow::Result<()> {
    let listed = run(&["ip", "netns", "list"])?;
    for namespace in listed.lines().filter_map(|line| line.split(' ').next()) {
        let Some(pid) = namespace.strip_prefix(NAMESPACE_PREFIX) else {
            continue;
        };
        if fs::exists(format!("/proc/{pid}"))? {
            continue;
        }
        let inside = run(&["ip", "netns", "pids", namespace])?;
        for pid in inside.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            // It may have ended this moment.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        run(&["ip", "netns", "del", namespace])?;
    }
    Ok(())
}

/// Receive packet steering: the kernel's `Documentation/networking/scaling.rst`, RPS.
fn steer(interface: &str, cpu: usize) -> anyhow::Result<()> {
    let path = format!("/sys/class/net/{interface}/queues/rx-0/rps_cpus");
    fs::write(&path, mask(cpu)).with_context(|| {
        format!("{path}: this kernel does not steer received packets to CPU {cpu}")
    })
}

/// A CPU mask as sysfs takes it: hexadecimal words of 32 bits, the highest first.
fn mask(cpu: usize) -> String {
    let mut mask = format!("{:x}", 1u32 << (cpu % 32));
    for _ in 0..cpu / 32 {
        mask.push_str(",00000000");
    }
    mask
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
    fn masks_are_words_of_32_cpus() {
        assert_eq!(mask(0), "1");
        assert_eq!(mask(5), "20");
        assert_eq!(mask(33), "2,00000000");
    }
}
