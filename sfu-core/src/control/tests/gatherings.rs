//! Snapshots and counters: whole, each for its own question, and in order with the reports.

use sfu_proto::control::{FromCore, MeetingState, Report, Snapshot, ToCore};
use sfu_proto::ids::{Epoch, MeetingId};
use sfu_uring::UdpErrors;

use super::rig::{MEETING, Rig, Sidecar};
use crate::control::Ticket;
use crate::mailbox::{FromWorker, ToWorker};

fn meeting(number: u128) -> MeetingState {
    MeetingState {
        meeting: MeetingId(number),
        epoch: Epoch(1),
        sessions: Vec::new(),
        muted: Vec::new(),
        live: Vec::new(),
        speaking: Vec::new(),
    }
}

fn silence() -> Report {
    Report::Speaking {
        meeting: MEETING,
        participants: Vec::new(),
    }
}

/// The one snapshot question that waits for the worker.
fn asked(rig: &mut Rig, worker: usize) -> Ticket {
    let letters = rig.letters(worker);
    let [ToWorker::Snapshot(ticket)] = letters[..] else {
        panic!("{letters:?}");
    };
    ticket
}

fn part(rig: &mut Rig, worker: usize, ticket: Ticket, number: u128) {
    rig.hear(worker, FromWorker::Snapshot(ticket, vec![meeting(number)]));
}

fn meetings(sidecar: &mut Sidecar) -> Vec<u128> {
    let Some(FromCore::Snapshot(Snapshot { meetings })) = sidecar.next() else {
        panic!("no snapshot");
    };
    meetings.iter().map(|state| state.meeting.0).collect()
}

#[test]
fn two_questions_at_once_get_an_answer_each() {
    let mut rig = Rig::new(2);
    let mut sidecar = rig.connect();
    rig.say(&sidecar, ToCore::Snapshot);
    rig.say(&sidecar, ToCore::Snapshot);
    for round in [10, 20] {
        let tickets = [asked(&mut rig, 0), asked(&mut rig, 1)];
        part(&mut rig, 1, tickets[1], round + 1);
        assert_eq!(sidecar.next(), None);
        part(&mut rig, 0, tickets[0], round);
        assert_eq!(meetings(&mut sidecar), [round + 1, round]);
    }
    assert!(rig.letters(0).is_empty());
}

#[test]
fn a_part_for_an_older_link_is_not_taken_for_the_new_one() {
    let mut rig = Rig::new(2);
    let older = rig.connect();
    rig.say(&older, ToCore::Snapshot);
    let old = [asked(&mut rig, 0), asked(&mut rig, 1)];
    part(&mut rig, 0, old[0], 1);
    let mut newer = rig.connect();
    rig.say(&newer, ToCore::Snapshot);
    let new = [asked(&mut rig, 0), asked(&mut rig, 1)];
    part(&mut rig, 1, old[1], 2);
    part(&mut rig, 0, new[0], 3);
    assert_eq!(newer.next(), None);
    part(&mut rig, 1, new[1], 4);
    assert_eq!(meetings(&mut newer), [3, 4]);
}

#[test]
fn a_worker_that_cannot_be_asked_ends_the_link() {
    let mut rig = Rig::new(2);
    let mut sidecar = rig.connect();
    let mailbox = rig.control.workers[1].clone();
    while mailbox.post(ToWorker::Snapshot(Ticket::default())).is_ok() {}
    // Nothing hangs on counters; a snapshot with a hole would close sessions that live.
    rig.say(&sidecar, ToCore::Counters);
    assert_eq!(sidecar.next(), Some(FromCore::Counters(Vec::new())));
    rig.say(&sidecar, ToCore::Snapshot);
    assert!(sidecar.is_over());
}

#[test]
fn counters_are_summed_by_name() {
    let mut rig = Rig::new(2);
    let mut sidecar = rig.connect();
    rig.say(&sidecar, ToCore::Counters);
    for worker in [0, 1] {
        let letters = rig.letters(worker);
        let [ToWorker::Counters(ticket)] = letters[..] else {
            panic!("{letters:?}");
        };
        let counters = vec![("a".to_owned(), 2), ("b".to_owned(), worker as u64)];
        rig.hear(worker, FromWorker::Counters(ticket, counters));
    }
    let Some(FromCore::Counters(sums)) = sidecar.next() else {
        panic!("no counters");
    };
    // After the workers', the host's own, once and not for each worker.
    let (of_workers, of_host) = sums.split_at(2);
    assert_eq!(of_workers, [("a".to_owned(), 4), ("b".to_owned(), 1)]);
    assert_eq!(of_host.len(), UdpErrors::default().named().count());
    assert!(
        of_host
            .iter()
            .all(|(name, _)| name.starts_with("millrace_host_udp_"))
    );
}

#[test]
fn reports_begin_with_the_snapshot_and_none_is_lost_between() {
    let mut rig = Rig::new(2);
    let mut sidecar = rig.connect();
    rig.hear(0, FromWorker::Report(silence()));
    rig.say(&sidecar, ToCore::Snapshot);
    let tickets = [asked(&mut rig, 0), asked(&mut rig, 1)];
    part(&mut rig, 0, tickets[0], 1);
    // Later than the worker's part, so the snapshot does not hold it.
    rig.hear(0, FromWorker::Report(silence()));
    // Earlier than the worker's part.
    rig.hear(1, FromWorker::Report(silence()));
    part(&mut rig, 1, tickets[1], 2);
    assert_eq!(meetings(&mut sidecar), [1, 2]);
    assert_eq!(sidecar.next(), Some(FromCore::Report(silence())));
    assert_eq!(sidecar.next(), None);
    rig.hear(1, FromWorker::Report(silence()));
    assert_eq!(sidecar.next(), Some(FromCore::Report(silence())));
}
