//! The command line: every flag, its default and the reason for it. Flags can come from the
//! environment too, under `MILLRACE_…`, which is how systemd units set them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Each takes a UDP port and some memory; no machine that we know of gains from more.
pub const WORKERS_MAX: i64 = 128;

/// Video conferencing on one machine: media forwarder, control plane and web page.
#[derive(Clone, Debug, Parser)]
#[command(name = "millrace", version, about, long_about = None)]
pub struct Cli {
    /// Without a role, all of them run.
    #[command(subcommand)]
    pub role: Option<Role>,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub core: CoreArgs,
    #[command(flatten)]
    pub sidecar: SidecarArgs,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Role {
    /// The media forwarder alone.
    Core {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        core: CoreArgs,
    },
    /// The control plane and the web page alone.
    Sidecar {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        sidecar: SidecarArgs,
    },
}

#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Where store, certificate and control socket live
    /// [default: $XDG_STATE_HOME/millrace, ~/.local/state/millrace, or /var/lib/millrace for root]
    #[arg(long, env = "MILLRACE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The Unix socket between sidecar and core [default: run/control.sock in the data directory]
    #[arg(long, env = "MILLRACE_CONTROL_SOCKET", value_name = "PATH")]
    pub control_socket: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct CoreArgs {
    /// UDP port of the first worker; the others follow it
    #[arg(
        long,
        env = "MILLRACE_UDP_PORT",
        default_value_t = 10_000,
        value_name = "PORT"
    )]
    pub udp_port: u16,
    /// Worker threads, 1 to 128 [default: one for each core]
    #[arg(
        long,
        env = "MILLRACE_WORKERS",
        value_name = "COUNT",
        value_parser = clap::value_parser!(u16).range(1..=WORKERS_MAX)
    )]
    pub workers: Option<u16>,
    /// How packets move; auto takes io_uring where the kernel allows it
    #[arg(long, env = "MILLRACE_DRIVER", value_enum, default_value_t = Driver::Auto)]
    pub driver: Driver,
    /// An address by which clients reach this machine through NAT; may be repeated
    #[arg(
        long = "public-ip",
        env = "MILLRACE_PUBLIC_IP",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    pub public_ips: Vec<IpAddr>,
    /// The public port that NAT forwards to the first worker [default: --udp-port]
    #[arg(long, env = "MILLRACE_EXTERNAL_PORT", value_name = "PORT")]
    pub external_port: Option<u16>,
    /// What seals media; auto measures both at start and takes the faster
    #[arg(long, env = "MILLRACE_CRYPTO", value_enum, default_value_t = Crypto::Auto)]
    pub crypto: Crypto,
    /// Pad packets that are a byte shorter than the next of their frame, so that all leave at once
    #[arg(long, env = "MILLRACE_PADDING", value_enum, default_value_t = Switch::On)]
    pub padding: Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Crypto {
    Auto,
    Ring,
    AwsLcRs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Driver {
    Auto,
    #[value(name = "io_uring")]
    IoUring,
    Mio,
}

#[derive(Args, Clone, Debug)]
pub struct SidecarArgs {
    /// Port, or address and port, for HTTP
    #[arg(
        long,
        env = "MILLRACE_HTTP",
        default_value = "8080",
        value_name = "[ADDRESS:]PORT"
    )]
    pub http: Listen,
    /// Port, or address and port, for HTTPS with a self-signed certificate
    #[arg(
        long,
        env = "MILLRACE_HTTPS",
        default_value = "8443",
        value_name = "[ADDRESS:]PORT"
    )]
    pub https: Listen,
}

/// Where to listen: a bare port means every address, over IPv4 and IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    Everywhere(u16),
    At(SocketAddr),
}

impl Listen {
    pub fn addresses(self) -> Vec<SocketAddr> {
        match self {
            Self::Everywhere(port) => vec![
                (Ipv4Addr::UNSPECIFIED, port).into(),
                (Ipv6Addr::UNSPECIFIED, port).into(),
            ],
            Self::At(address) => vec![address],
        }
    }

    /// Whether one listener would take an address of the other. Port 0 is a fresh one each time.
    pub fn overlaps(self, other: Self) -> bool {
        let meet = |one: SocketAddr, other: SocketAddr| {
            let same_host = one.ip() == other.ip()
                || one.is_ipv4() == other.is_ipv4()
                    && (one.ip().is_unspecified() || other.ip().is_unspecified());
            one.port() != 0 && one.port() == other.port() && same_host
        };
        let others = other.addresses();
        let mut ours = self.addresses().into_iter();
        ours.any(|one| others.iter().any(|other| meet(one, *other)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a port or an address with a port: try 8080, 127.0.0.1:8080 or [::1]:8080")]
pub struct NotAListen;

impl FromStr for Listen {
    type Err = NotAListen;

    fn from_str(text: &str) -> Result<Self, NotAListen> {
        text.parse()
            .map(Self::Everywhere)
            .or_else(|_| text.parse().map(Self::At))
            .map_err(|_| NotAListen)
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everywhere(port) => write!(f, "{port}"),
            Self::At(address) => write!(f, "{address}"),
        }
    }
}

impl Common {
    /// The data directory: what was asked for, or where such things belong for this user.
    pub fn data_dir(&self) -> PathBuf {
        if let Some(asked) = &self.data_dir {
            return asked.clone();
        }
        if nix::unistd::geteuid().is_root() && is_writable("/var/lib") {
            return "/var/lib/millrace".into();
        }
        // The base directory specification ignores relative paths.
        let state = std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        let home = || std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
        state
            .unwrap_or_else(|| home().join(".local/state"))
            .join("millrace")
    }

    pub fn control_socket(&self) -> PathBuf {
        self.control_socket
            .clone()
            .unwrap_or_else(|| self.data_dir().join("run/control.sock"))
    }
}

fn is_writable(path: &str) -> bool {
    nix::unistd::access(path, nix::unistd::AccessFlags::W_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_port_listens_everywhere() {
        assert_eq!("80".parse(), Ok(Listen::Everywhere(80)));
        assert_eq!("[::1]:80".parse::<Listen>().unwrap().addresses().len(), 1);
        assert_eq!("x".parse::<Listen>(), Err(NotAListen));
        assert_eq!("70000".parse::<Listen>(), Err(NotAListen));
    }

    #[test]
    fn listeners_that_would_meet_are_found() {
        let overlap = |one: &str, other: &str| {
            let (one, other): (Listen, Listen) = (one.parse().unwrap(), other.parse().unwrap());
            one.overlaps(other)
        };
        assert!(overlap("80", "80"));
        assert!(overlap("80", "127.0.0.1:80"));
        assert!(overlap("[::1]:80", "80"));
        assert!(!overlap("80", "81"));
        assert!(!overlap("0", "0"));
        assert!(!overlap("127.0.0.1:80", "[::1]:80"));
        assert!(!overlap("127.0.0.1:80", "127.0.0.2:80"));
    }

    #[test]
    fn workers_are_counted_within_reason() {
        let parse = |count| Cli::try_parse_from(["millrace", "--workers", count]);
        assert!(parse("128").is_ok());
        for count in ["0", "129", "many"] {
            let said = parse(count).unwrap_err().to_string();
            assert!(said.contains("--workers"), "{said}");
        }
    }
}
