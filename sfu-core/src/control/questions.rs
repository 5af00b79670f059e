//! What the sidecar asks all workers, and how their reports stand in time to a snapshot.

use std::collections::HashMap;

use sfu_proto::control::{FromCore, MeetingState, Report, Snapshot};

use super::Control;
use super::gathering::Ticket;
use crate::config::REPORTS_MAX;
use crate::mailbox::{MailboxFull, ToWorker};

/// A partial answer would pass for a whole one.
const CANNOT_ASK: &str = "a worker is too far behind to be asked";

impl Control {
    pub(super) fn ask_snapshot(&mut self) {
        self.snapshot.want();
        self.advance_snapshot();
    }

    pub(super) fn ask_counters(&mut self) {
        self.counters.want();
        self.advance_counters();
    }

    pub(super) fn take_snapshot(&mut self, worker: usize, ticket: Ticket, part: Vec<MeetingState>) {
        self.sessions.replace(worker, &part);
        if self.snapshot.add(worker, ticket, part) {
            self.advance_snapshot();
        }
    }

    pub(super) fn take_counters(
        &mut self,
        worker: usize,
        ticket: Ticket,
        part: Vec<(String, u64)>,
    ) {
        if self.counters.add(worker, ticket, part) {
            self.advance_counters();
        }
    }

    fn advance_snapshot(&mut self) {
        loop {
            let up = self.directory.up(&self.workers);
            match self.snapshot.advance(up, ToWorker::Snapshot) {
                Ok(Some(meetings)) => {
                    let meetings = join_parts(meetings);
                    self.send(&FromCore::Snapshot(Snapshot { meetings }));
                    self.send_held();
                }
                Ok(None) => return,
                Err(MailboxFull) => return self.disconnect(CANNOT_ASK),
            }
        }
    }

    fn advance_counters(&mut self) {
        loop {
            let up = self.directory.up(&self.workers);
            match self.counters.advance(up, ToWorker::Counters) {
                Ok(Some(mut parts)) => {
                    parts.extend(host_counters());
                    self.send(&FromCore::Counters(sum_by_name(parts)));
                }
                Ok(None) => return,
                Err(MailboxFull) => {
                    // Nothing hangs on them: better none this time than no link.
                    self.counters.forget();
                    return self.send(&FromCore::Counters(Vec::new()));
                }
            }
        }
    }

    /// A link follows reports from its first snapshot on. While one is being made, those of a
    /// worker that has given its part are later than that part: they wait until it is sent.
    pub(super) fn report(&mut self, worker: usize, report: Report) {
        let Some(link) = &mut self.link else { return };
        if self.snapshot.has_part_of(worker) {
            link.held.push(report);
            if link.held.len() > REPORTS_MAX {
                self.disconnect("a worker does not give its part of a snapshot");
            }
        } else if link.has_snapshot {
            self.send(&FromCore::Report(report));
        }
    }

    fn send_held(&mut self) {
        let Some(link) = &mut self.link else { return };
        link.has_snapshot = true;
        for report in std::mem::take(&mut link.held) {
            self.send(&FromCore::Report(report));
        }
    }
}

/// What the kernel counts for the host, not for a worker: asked here, once, off the packet path. A
/// kernel that does not tell costs these counters, not the others.
fn host_counters() -> Vec<(String, u64)> {
    let errors = sfu_uring::udp_errors().unwrap_or_default();
    errors
        .named()
        .map(|(name, value)| (format!("millrace_host_udp_{name}_total"), value))
        .collect()
}

/// One meeting of all its parts. Who speaks is said by its home alone.
fn join_parts(parts: Vec<MeetingState>) -> Vec<MeetingState> {
    let mut meetings: Vec<MeetingState> = Vec::new();
    let mut places = HashMap::new();
    for part in parts {
        let place = *places.entry(part.meeting).or_insert(meetings.len());
        let Some(whole) = meetings.get_mut(place) else {
            meetings.push(part);
            continue;
        };
        whole.epoch = whole.epoch.max(part.epoch);
        whole.sessions.extend(part.sessions);
        whole.live.extend(part.live);
        whole.speaking.extend(part.speaking);
        let unknown = |entry: &(_, _)| !whole.muted.contains(entry);
        let muted: Vec<_> = part.muted.into_iter().filter(unknown).collect();
        whole.muted.extend(muted);
    }
    meetings
}

fn sum_by_name(parts: Vec<(String, u64)>) -> Vec<(String, u64)> {
    let mut sums: Vec<(String, u64)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, value) in parts {
        match places.get(&name) {
            Some(place) => sums[*place].1 += value,
            None => {
                places.insert(name.clone(), sums.len());
                sums.push((name, value));
            }
        }
    }
    sums
}
