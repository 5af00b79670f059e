//! One core's life: receive, command, time, send (DESIGN D4).

use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use sfu_proto::control::SessionEnd;
use sfu_proto::limits::{
    BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX, COMMANDS_PER_PASS_MAX, RECEIVED_PER_PASS_MAX,
};
use sfu_proto::packet::SendBatch;
use sfu_proto::shard::{Effect, HandshakeEvent, Shard};
use sfu_proto::time::Instant;
use sfu_uring::{Driver, DriverError};

use crate::clock::Clock;
use crate::control::ControlEvent;
use crate::dtls::{DtlsInput, DtlsSender};
use crate::mailbox::{FromWorker, ToWorker};

/// A worker that nothing wakes looks at its clock this often.
const IDLE_WAIT: Duration = Duration::from_secs(1);

pub(crate) struct Worker {
    pub index: usize,
    pub clock: Clock,
    pub driver: Driver,
    pub shard: Shard,
    pub batch: SendBatch,
    pub dtls: DtlsSender,
    pub reports: SyncSender<ControlEvent>,
    /// Reports that found the control thread too far behind.
    pub reports_dropped: u64,
    /// Records that found the handshake thread too far behind.
    pub handshakes_dropped: u64,
}

impl Worker {
    pub(crate) fn batch() -> SendBatch {
        SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX)
    }

    /// A pass does four things, always in this order, each capped. It returns only on an error
    /// that no later pass could mend.
    pub(crate) fn run(&mut self, mailbox: &Receiver<ToWorker>) -> Result<(), DriverError> {
        loop {
            let wait = self.wait_time();
            self.driver.turn(&mut self.batch, Some(wait))?;
            let reading = self.clock.read(); // The only clock reading of this pass.
            let (shard, batch) = (&mut self.shard, &mut self.batch);
            self.driver
                .receive(reading, RECEIVED_PER_PASS_MAX, |datagram| {
                    shard.handle_datagram(reading.now, datagram, batch);
                });
            for message in mailbox.try_iter().take(COMMANDS_PER_PASS_MAX) {
                self.handle_message(reading.now, message);
            }
            self.shard.handle_timeout(reading.now, &mut self.batch);
            self.carry_out_effects();
            while !self.shard.forward(reading.now, &mut self.batch) {
                self.driver.send(&mut self.batch)?;
            }
        }
    }

    fn wait_time(&self) -> Duration {
        self.shard
            .next_deadline()
            .since(self.clock.now())
            .min(IDLE_WAIT)
    }

    fn handle_message(&mut self, now: Instant, message: ToWorker) {
        match message {
            ToWorker::Order(order) => self.shard.handle_order(now, order),
            ToWorker::Handshake { session, event } => {
                self.shard
                    .handle_handshake(now, session, event, &mut self.batch);
            }
            ToWorker::Snapshot => self.report(FromWorker::Snapshot(self.shard.snapshot())),
            ToWorker::Counters => {
                let counters = self.counters();
                self.report(FromWorker::Counters(counters));
            }
        }
    }

    fn carry_out_effects(&mut self) {
        let (dtls, index) = (&self.dtls, self.index);
        let mut dropped = 0;
        let mut failed = Vec::new();
        let reports = &self.reports;
        let mut unreported = 0;
        for effect in self.shard.effects() {
            let report = match effect {
                Effect::Answer { operation, outcome } => FromWorker::Answer { operation, outcome },
                Effect::Report(report) => FromWorker::Report(report),
                Effect::HandshakeBegin { session, remote } => {
                    let input = DtlsInput::Open {
                        session,
                        worker: index,
                        remote,
                    };
                    if dtls.try_send(input).is_err() {
                        failed.push(session);
                    }
                    continue;
                }
                Effect::HandshakeRecords { session, bytes } => {
                    // The far side repeats its flight.
                    let input = DtlsInput::Records { session, bytes };
                    dropped += u64::from(dtls.try_send(input).is_err());
                    continue;
                }
                Effect::HandshakeEnd { session } => {
                    dropped += u64::from(dtls.try_send(DtlsInput::Close { session }).is_err());
                    continue;
                }
            };
            unreported += u64::from(
                reports
                    .try_send(ControlEvent::Worker(index, report))
                    .is_err(),
            );
        }
        self.handshakes_dropped += dropped;
        self.reports_dropped += unreported;
        let now = self.clock.now();
        for session in failed {
            let event = HandshakeEvent::Ended(SessionEnd::HandshakeFailed);
            self.shard
                .handle_handshake(now, session, event, &mut self.batch);
        }
    }

    fn report(&mut self, report: FromWorker) {
        let sent = self
            .reports
            .try_send(ControlEvent::Worker(self.index, report));
        self.reports_dropped += u64::from(sent.is_err());
    }

    fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = self.shard.counters.named();
        let io = self.driver.counters();
        counters.extend(
            io.named()
                .map(|(name, value)| (format!("millrace_io_{name}_total"), value)),
        );
        counters.extend([
            (
                "millrace_reports_dropped_total".to_owned(),
                self.reports_dropped,
            ),
            (
                "millrace_handshakes_dropped_total".to_owned(),
                self.handshakes_dropped,
            ),
            (
                "millrace_sessions".to_owned(),
                self.shard.session_count() as u64,
            ),
        ]);
        counters
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
