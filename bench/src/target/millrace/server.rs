//! The two roles of the appliance as processes of ours, with a data directory that goes with them.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::options::Options;
use crate::client::http;
use crate::lab::folder::Folder;
use crate::lab::network::{Kind, Network};
use crate::lab::process::{Launch, Process};

const START_TIME_MAX: Duration = Duration::from_secs(15);

/// Fields are dropped, and so undone, in this order.
#[derive(Debug)]
pub(super) struct Server {
    sidecar: Process,
    core: Process,
    url: String,
    _folder: Folder,
}

impl Server {
    pub(super) fn start(options: &Options, network: &Network) -> anyhow::Result<Self> {
        let program = options.program()?;
        let folder = Folder::new()?;
        let workers = options.workers();
        let ports = Ports::choose(network, workers)?;
        let roles = Roles {
            program: &program,
            folder: folder.path(),
            network,
        };
        let mut core = vec![
            format!("--workers={workers}"),
            format!("--udp-port={}", ports.udp),
            format!("--driver={}", options.driver.as_deref().unwrap_or("auto")),
        ];
        if network.kind() == Kind::Lo {
            // The core tells of loopback only if there is nothing else, or if it is asked to.
            core.push(format!("--public-ip={}", network.server()));
        }
        let core = roles.start("core", &options.core_cpu_list()?, core)?;
        let http = SocketAddr::new(network.server(), ports.http);
        let https = SocketAddr::new(network.server(), ports.https);
        let sidecar = vec![format!("--http={http}"), format!("--https={https}")];
        let sidecar = roles.start("sidecar", &options.load_cpu()?.to_string(), sidecar)?;
        let server = Self {
            sidecar,
            core,
            url: format!("http://{http}"),
            _folder: folder,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = http::Client::new(&self.url)?;
        self.sidecar.wait_until(START_TIME_MAX, || {
            self.core.check()?;
            // 503 until the core is linked.
            Ok(runtime.block_on(client.get("/v1/health")).is_ok())
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn core(&self) -> &Process {
        &self.core
    }

    pub(super) fn sidecar(&self) -> &Process {
        &self.sidecar
    }

    /// What the core says of itself at its start: `1 workers from UDP port 10000 on, driver: mio`.
    pub(super) fn driver(&self) -> Option<String> {
        let log = self.core.log().ok()?;
        let (_, driver) = log.split_once(" driver: ")?;
        let word = driver.split_whitespace().next()?;
        Some(word.trim_end_matches(',').to_owned())
    }
}

struct Roles<'a> {
    program: &'a Path,
    folder: &'a Path,
    network: &'a Network,
}

impl Roles<'_> {
    fn start(&self, role: &str, cpus: &str, flags: Vec<String>) -> anyhow::Result<Process> {
        let data = self.folder.join("data");
        let mut arguments = vec![role.into(), "--data-dir".into(), data.into_os_string()];
        arguments.extend(flags.into_iter().map(Into::into));
        Process::start(&Launch {
            name: role,
            program: self.program,
            arguments,
            // As the launcher has it: the role ends with us, even by SIGKILL.
            environment: vec![("MILLRACE_LAUNCHER", std::process::id().to_string())],
            cpus,
            namespace: self.network.namespace(),
            folder: self.folder,
        })
    }
}

struct Ports {
    udp: u16,
    http: u16,
    https: u16,
}

impl Ports {
    /// The usual ones where the server is alone, free ones where it is not.
    fn choose(network: &Network, workers: u16) -> anyhow::Result<Self> {
        if network.kind() == Kind::Veth {
            return Ok(Self {
                udp: 10_000,
                http: 8_080,
                https: 8_443,
            });
        }
        let tcp = || TcpListener::bind((network.server(), 0));
        let (http, https) = (tcp()?, tcp()?);
        Ok(Self {
            udp: free_udp(workers)?,
            http: http.local_addr()?.port(),
            https: https.local_addr()?.port(),
        })
    }
}

/// The first of `count` UDP ports in a row that nobody has.
fn free_udp(count: u16) -> anyhow::Result<u16> {
    let everywhere = IpAddr::from([0, 0, 0, 0]);
    for _ in 0..100 {
        let first = UdpSocket::bind((everywhere, 0))?;
        let port = first.local_addr()?.port();
        let others: Option<Vec<_>> = (1..count)
            .map(|offset| UdpSocket::bind((everywhere, port.checked_add(offset)?)).ok())
            .collect();
        if others.is_some() {
            return Ok(port);
        }
    }
    None.with_context(|| format!("no {count} UDP ports in a row are free"))
}
