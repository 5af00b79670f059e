//! One core's life: receive, command, time, send (DESIGN D4).

use std::convert::Infallible;
use std::time::Duration;

use sfu_proto::limits::{
    BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX, COMMANDS_PER_PASS_MAX, RECEIVED_PER_PASS_MAX,
    SENT_PER_PASS_MAX,
};
use sfu_proto::packet::SendBatch;
use sfu_proto::shard::{Effect, Shard};
use sfu_proto::time::Instant;
use sfu_uring::{ClockReading, Driver, DriverError};

use crate::clock::Clock;
use crate::handovers::Handovers;
use crate::handshakes::Handshakes;
use crate::latency::Latency;
use crate::mailbox::{FromWorker, Inbox, NewPart, ToWorker};
use crate::pace::Pace;
use crate::reports::Reports;

/// A worker that nothing wakes looks at its clock this often.
const IDLE_WAIT: Duration = Duration::from_secs(1);

/// While another thread is too far behind to be told something, it is tried again this often.
const CATCH_UP_WAIT: Duration = Duration::from_millis(10);

pub(crate) struct Worker {
    pub index: usize,
    pub clock: Clock,
    pub driver: Driver,
    pub shard: Shard,
    pub batch: SendBatch,
    pub handshakes: Handshakes,
    pub reports: Reports,
    pub latency: Latency,
    pub pace: Pace,
    pub handovers: Handovers,
}

impl Worker {
    pub(crate) fn batch() -> SendBatch {
        SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX)
    }

    /// A pass does four things, always in this order, each capped. It ends only with an error that
    /// no later pass could mend.
    pub(crate) fn run(&mut self, inbox: &Inbox) -> Result<Infallible, DriverError> {
        // Mail that came before has woken nobody, or the driver of an earlier life.
        let mut wait = Duration::ZERO;
        let (mut began, mut busy) = (self.clock.now(), Duration::ZERO);
        loop {
            self.driver.set_gather(self.pace.gather());
            let wait_now = self.handovers.lie_down(wait);
            self.driver.turn(&mut self.batch, Some(wait_now))?;
            self.handovers.get_up();
            let reading = self.clock.read(); // What this pass takes for now.
            self.pace.note(busy, reading.now.since(began));
            began = reading.now;
            self.receive(reading);
            self.handovers.receive(reading.now, &mut self.shard);
            self.reports.catch_up();
            self.handshakes.catch_up();
            let has_more_mail = self.take_mail(reading.now, inbox);
            self.shard.handle_timeout(reading.now, &mut self.batch);
            self.carry_out_effects();
            self.log_notices();
            self.shard.hand_over(reading.now, &mut self.handovers);
            self.handovers.publish(); // The others work on it while this one seals.
            let is_all_forwarded = self.forward(reading.now)?;
            // Read once more, behind the send, for the record alone. That is why the wait has an
            // enter of its own: together they could not be told apart.
            let forwarded = self.shard.forwarded();
            busy = self.latency.sent(began, self.clock.now(), forwarded);
            wait = match has_more_mail || !is_all_forwarded {
                true => Duration::ZERO,
                false => self.wait_time(reading.now),
            };
        }
    }

    fn receive(&mut self, reading: ClockReading) {
        let (shard, batch) = (&mut self.shard, &mut self.batch);
        self.driver
            .receive(reading, RECEIVED_PER_PASS_MAX, |datagram| {
                shard.handle_datagram(reading.now, datagram, batch);
            });
    }

    /// Sends all that this pass has to say. Says whether all media that has come is on its way; if
    /// not, the next pass goes on with it, so that checks and orders are heard in between.
    fn forward(&mut self, now: Instant) -> Result<bool, DriverError> {
        let mut sent = 0;
        loop {
            let is_all_forwarded = self.shard.forward(now, &mut self.batch);
            sent += self.batch.outgoing().len();
            self.driver.send(&mut self.batch)?;
            if is_all_forwarded || sent >= SENT_PER_PASS_MAX {
                return Ok(is_all_forwarded);
            }
        }
    }

    /// There are none but a few in a worker's life: each thing is said once.
    fn log_notices(&mut self) {
        while let Some(notice) = self.driver.take_notice() {
            tracing::warn!("worker {}: {notice}", self.index);
        }
    }

    fn wait_time(&self, now: Instant) -> Duration {
        let is_behind = self.reports.is_behind() || self.handshakes.is_behind();
        let wait_max = if is_behind { CATCH_UP_WAIT } else { IDLE_WAIT };
        self.shard.next_deadline().since(now).min(wait_max)
    }

    /// Says whether there may be more: its sender has woken this pass and will not wake the next.
    fn take_mail(&mut self, now: Instant, inbox: &Inbox) -> bool {
        if self.reports.has_kept() {
            return false;
        }
        for _ in 0..COMMANDS_PER_PASS_MAX {
            match inbox.next() {
                Some(message) => self.handle_message(now, message, inbox),
                None => return false,
            }
        }
        true
    }

    fn handle_message(&mut self, now: Instant, message: ToWorker, inbox: &Inbox) {
        match message {
            ToWorker::Order(order) => self.shard.handle_order(now, order),
            ToWorker::Part(part) => self.begin_part(now, part),
            ToWorker::Handshake { session, event } => {
                self.shard
                    .handle_handshake(now, session, event, &mut self.batch);
            }
            ToWorker::Snapshot(ticket) => {
                // What was reported before must be said before.
                self.carry_out_effects();
                let part = self.shard.snapshot();
                self.reports.answer(FromWorker::Snapshot(ticket, part));
            }
            ToWorker::Counters(ticket) => {
                let counters = self.counters(inbox);
                self.reports.answer(FromWorker::Counters(ticket, counters));
            }
            // It has begun.
            ToWorker::BeginAnew => {}
            #[cfg(test)]
            ToWorker::Panic => panic!("made by the test"),
        }
    }

    fn begin_part(&mut self, now: Instant, part: NewPart) {
        for (worker, way) in part.ways {
            self.handovers.join(worker, way);
        }
        for order in part.orders {
            self.shard.handle_order(now, order);
        }
        self.shard.spread(part.meeting, &part.spread);
    }

    fn carry_out_effects(&mut self) {
        for effect in self.shard.effects() {
            match effect {
                Effect::Answer { operation, outcome } => {
                    self.reports
                        .answer(FromWorker::Answer { operation, outcome });
                }
                Effect::Report(report) => self.reports.report(report),
                Effect::HandshakeBegin { session, remote } => {
                    self.handshakes.begin(session, remote);
                }
                Effect::HandshakeRecords { session, bytes } => {
                    self.handshakes.take(session, bytes);
                }
                Effect::HandshakeEnd { session } => self.handshakes.end(session),
            }
        }
    }

    fn counters(&self, inbox: &Inbox) -> Vec<(String, u64)> {
        let mut counters = self.shard.counters.named();
        let io = self.driver.counters();
        counters.extend(
            io.named()
                .map(|(name, value)| (format!("millrace_io_{name}_total"), value)),
        );
        counters.extend(self.latency.named());
        let mut push = |name: &str, value| counters.push((name.to_owned(), value));
        push("millrace_reports_dropped_total", self.reports.dropped());
        push(
            "millrace_handshakes_dropped_total",
            self.handshakes.records_dropped(),
        );
        push("millrace_mailbox_full_total", inbox.refused());
        push("millrace_sessions", self.shard.session_count() as u64);
        if self.index == 0 {
            // One thread for all workers: one of them tells.
            push(
                "millrace_handshake_session_datagrams_dropped_total",
                self.handshakes.sessions_records_dropped(),
            );
        }
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
