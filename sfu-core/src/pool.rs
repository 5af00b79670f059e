//! Starts the workers, and starts one anew when it has failed.

mod deliver;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use sfu_proto::control::Fingerprint;
use sfu_proto::shard::{Shard, ShardConfig};
use sfu_proto::srtp::CryptoBackend;
use sfu_uring::{BoundSocket, Driver, DriverKind, Waker};

use crate::candidates;
use crate::clock::Clock;
use crate::config::CoreConfig;
use crate::control::ControlEvent;
use crate::crypto;
use crate::dtls::{Certificate, DtlsSender};
use crate::handovers::Handovers;
use crate::handshakes::Handshakes;
use crate::latency::Latency;
use crate::mailbox::{FromWorker, Inbox, Mailbox};
use crate::pace::Pace;
use crate::reports::Reports;
use crate::sockets;
use crate::startup_error::StartupError;
use crate::worker::Worker;

/// A worker that failed is started again after this pause, so that a fault that comes at once does
/// not become a busy loop.
const RESTART_PAUSE: Duration = Duration::from_millis(100);

/// All that a worker is made of, to make it again.
#[derive(Clone, Debug)]
struct Blueprint {
    index: usize,
    config: Arc<CoreConfig>,
    addresses: Arc<Vec<IpAddr>>,
    clock: Clock,
    fingerprint: Fingerprint,
    crypto: CryptoBackend,
    dtls: DtlsSender,
    reports: SyncSender<ControlEvent>,
}

/// Starts the handshake thread and all workers. What cannot be bound or opened is said here, before
/// anything runs.
pub(crate) fn start(
    config: CoreConfig,
    reports: &SyncSender<ControlEvent>,
) -> Result<Vec<Mailbox>, StartupError> {
    let local = sfu_uring::local_addresses().map_err(StartupError::Interfaces)?;
    let addresses = Arc::new(candidates::bindable(&local)?);
    let crypto = crypto::choose(config.crypto)?;
    let config = Arc::new(config);
    let certificate =
        Certificate::generate().map_err(|error| StartupError::Dtls(error.to_string()))?;
    let fingerprint = certificate.fingerprint();
    let mailboxes: Arc<OnceLock<Vec<Mailbox>>> = Arc::default();
    let dtls = deliver::start_dtls(certificate, Arc::clone(&mailboxes))?;

    let clock = Clock::start();
    let mut opened = Vec::new();
    for index in 0..config.workers {
        let blueprint = Blueprint {
            index,
            config: Arc::clone(&config),
            addresses: Arc::clone(&addresses),
            clock,
            fingerprint,
            crypto,
            dtls: dtls.clone(),
            reports: reports.clone(),
        };
        let (driver, waker, kind) = open_driver(&blueprint)?;
        announce(&blueprint, &kind);
        let (mailbox, inbox) = Mailbox::new(waker);
        opened.push((blueprint, driver, mailbox, inbox));
    }
    let all: Vec<_> = opened
        .iter()
        .map(|(_, _, mailbox, _)| mailbox.clone())
        .collect();
    // Nobody else sets it.
    let _ = mailboxes.set(all.clone());
    for (blueprint, driver, mailbox, inbox) in opened {
        thread::Builder::new()
            .name(format!("worker-{}", blueprint.index))
            .spawn(move || live(&blueprint, driver, &mailbox, &inbox))
            .map_err(StartupError::Thread)?;
    }
    Ok(all)
}

fn open_driver(blueprint: &Blueprint) -> Result<(Driver, Waker, DriverKind), StartupError> {
    let port = candidates::port_of(&blueprint.config, blueprint.index)?;
    let addresses: Vec<_> = blueprint
        .addresses
        .iter()
        .map(|ip| SocketAddr::new(*ip, port))
        .collect();
    let sockets = sockets::bind(&addresses)?;
    if blueprint.index == 0 {
        warn_of_shortfalls(&sockets);
    }
    Ok(Driver::open(blueprint.config.driver, sockets)?)
}

/// Once for all sockets: they all meet the same limit.
fn warn_of_shortfalls(sockets: &[BoundSocket]) {
    for shortfall in sockets
        .first()
        .map(BoundSocket::shortfalls)
        .unwrap_or_default()
    {
        tracing::warn!("{shortfall}");
    }
}

fn announce(blueprint: &Blueprint, kind: &DriverKind) {
    if blueprint.index > 0 {
        return;
    }
    let workers = blueprint.config.workers;
    tracing::info!(
        "{workers} workers from UDP port {} on, driver: {kind}",
        blueprint.config.udp_port
    );
    tracing::info!(
        "each worker reserves {}; a page of it is taken when it is first used",
        Shard::reserved()
    );
}

/// The thread of one worker. A panic ends its meetings; the thread begins anew.
fn live(blueprint: &Blueprint, mut driver: Driver, mailbox: &Mailbox, inbox: &Inbox) {
    pin(blueprint.index);
    let told = |message| {
        let event = ControlEvent::Worker(blueprint.index, message);
        blueprint.reports.send(event).is_ok()
    };
    loop {
        let run = AssertUnwindSafe(|| build(blueprint, driver, inbox).run(inbox));
        let failure = match catch_unwind(run) {
            Ok(Ok(never)) => match never {},
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked; its message stands above".to_owned(),
        };
        tracing::error!(
            "worker {} failed, its meetings are lost: {failure}",
            blueprint.index
        );
        if !(told(FromWorker::Failed) && inbox.discard_until_begin()) {
            return; // There is no control thread: the process ends.
        }
        driver = reopen_driver(blueprint, mailbox);
        told(FromWorker::Begun);
    }
}

/// Tries until it succeeds: whatever stands in the way, the other workers go on meanwhile.
fn reopen_driver(blueprint: &Blueprint, mailbox: &Mailbox) -> Driver {
    let mut told = String::new();
    loop {
        thread::sleep(RESTART_PAUSE);
        match open_driver(blueprint) {
            Ok((driver, waker, _)) => {
                mailbox.wake_by(waker);
                return driver;
            }
            Err(error) if error.to_string() == told => {} // Once is enough.
            Err(error) => {
                told = error.to_string();
                tracing::error!("worker {} cannot begin anew: {told}", blueprint.index);
            }
        }
    }
}

fn build(blueprint: &Blueprint, driver: Driver, inbox: &Inbox) -> Worker {
    let index = blueprint.index;
    let candidates = candidates::advertised(&blueprint.config, &blueprint.addresses, index);
    let shard = Shard::new(ShardConfig {
        worker: u8::try_from(index).unwrap_or(u8::MAX),
        seed: random(),
        wall: blueprint.clock.wall(),
        fingerprint: blueprint.fingerprint,
        candidates: candidates.unwrap_or_default(),
        crypto: blueprint.crypto,
        pads_packets: blueprint.config.pads_packets,
    });
    Worker {
        index,
        clock: blueprint.clock,
        driver,
        shard,
        batch: Worker::batch(),
        handshakes: Handshakes::new(index, blueprint.dtls.clone()),
        reports: Reports::new(index, blueprint.reports.clone()),
        latency: Latency::default(),
        pace: Pace::default(),
        handovers: Handovers::new(Arc::clone(&inbox.doze)),
    }
}

fn pin(index: usize) {
    let cores = sfu_uring::allowed_cores().unwrap_or_default();
    let Some(core) = cores.get(index % cores.len().max(1)) else {
        return;
    };
    if let Err(error) = sfu_uring::pin_current_thread(*core) {
        tracing::warn!("worker {index} is not pinned to core {core}: {error}");
    }
}

/// Bytes that nobody can guess.
///
/// # Panics
///
/// If the kernel gives no randomness: then no password of ours would be safe.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // See Panics.
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the kernel's random numbers");
    bytes
}
