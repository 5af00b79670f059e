//! One session's life on the handshake thread: wait for a ClientHello, shake hands, hand out the
//! keys, stay to answer repetitions and to hear the client close.

use std::sync::Arc;
use std::time::Duration;

use sfu_proto::control::Fingerprint;
use sfu_proto::dtls::Records;
use sfu_proto::srtp::Profile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use super::engine::{Established, Handshaking};
use super::failure::DtlsFailure;
use super::inbound::{Inbound, Late, sort_late};
use super::outbound::Outbound;

/// How a session ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The worker has closed it, or is gone.
    ByUs,
    /// close_notify or a fatal alert.
    ByClient,
    Failed(DtlsFailure),
}

pub(super) struct Session {
    pub(super) certificate: Arc<dtls::crypto::Certificate>,
    pub(super) remote: Fingerprint,
    pub(super) time_max: Duration,
    /// One permit for each handshake that may be in flight.
    pub(super) handshakes: Arc<Semaphore>,
    /// Datagrams of the client. Its end is the worker's `Close`.
    pub(super) datagrams: mpsc::Receiver<Vec<u8>>,
    pub(super) outbound: Arc<Outbound>,
}

impl Session {
    pub(super) async fn run(mut self, deliver_keys: impl Fn(Profile, Vec<u8>)) -> Ended {
        let deadline = Instant::now() + self.time_max;
        let mut inbound = Inbound::default();
        let established = match timeout_at(deadline, self.handshake(&mut inbound)).await {
            Ok(Ok(established)) => established,
            Ok(Err(ended)) => return ended,
            Err(_) => {
                let why = inbound.refused().cloned();
                return Ended::Failed(why.unwrap_or(DtlsFailure::TimedOut));
            }
        };
        drop(inbound);
        deliver_keys(established.profile, established.keying.clone());
        self.stay(&established).await
    }

    async fn handshake(&mut self, inbound: &mut Inbound) -> Result<Established, Ended> {
        let mut engine: Option<(Handshaking, OwnedSemaphorePermit)> = None;
        loop {
            tokio::select! {
                datagram = self.datagrams.recv() => {
                    let datagram = datagram.ok_or(Ended::ByUs)?;
                    self.take(&datagram, inbound, &mut engine);
                }
                completed = complete(&mut engine) => return completed.map_err(Ended::Failed),
            }
        }
    }

    fn take(
        &self,
        datagram: &[u8],
        inbound: &mut Inbound,
        engine: &mut Option<(Handshaking, OwnedSemaphorePermit)>,
    ) {
        let taken = inbound.take(datagram, self.outbound.cookie().as_deref());
        if let Some(profile) = taken.start_with {
            let Ok(permit) = Arc::clone(&self.handshakes).try_acquire_owned() else {
                // Too many at once: as if the datagram had been lost. The client sends it again.
                *inbound = Inbound::default();
                return;
            };
            let certificate = dtls::crypto::Certificate::clone(&self.certificate);
            let outbound = Arc::clone(&self.outbound);
            let started = Handshaking::start(certificate, self.remote, profile, outbound);
            *engine = Some((started, permit));
        }
        if let Some((engine, _)) = engine {
            for record in taken.records {
                engine.take(record);
            }
        }
        if taken.is_repetition {
            self.outbound.repeat(Instant::now());
        }
    }

    /// The time after the handshake.
    async fn stay(&mut self, established: &Established) -> Ended {
        let closed = established.closed();
        tokio::pin!(closed);
        loop {
            tokio::select! {
                datagram = self.datagrams.recv() => {
                    let Some(datagram) = datagram else {
                        established.close().await;
                        return Ended::ByUs;
                    };
                    self.take_late(&datagram, established);
                }
                () = &mut closed => return Ended::ByClient,
            }
        }
    }

    fn take_late(&self, datagram: &[u8], established: &Established) {
        for record in Records::new(datagram) {
            match sort_late(&record) {
                Late::Pass => established.take(record.bytes.to_vec()),
                Late::Repetition => self.outbound.repeat(Instant::now()),
                Late::Drop => {}
            }
        }
    }
}

/// Waits for ever while there is no engine.
async fn complete(
    engine: &mut Option<(Handshaking, OwnedSemaphorePermit)>,
) -> Result<Established, DtlsFailure> {
    match engine {
        Some((engine, _)) => engine.complete().await,
        None => std::future::pending().await,
    }
}
