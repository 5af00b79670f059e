//! What the sidecar is told when a worker fails, or has lost what it should know.

use sfu_proto::control::{
    Command, FromCore, Outcome, Report, SessionEnd, SessionPhase, Snapshot, ToCore,
};
use sfu_proto::ids::{ParticipantId, SessionId};

use super::rig::{MEETING, Rig, answer};
use crate::mailbox::{FromWorker, ToWorker};

fn session(phase: SessionPhase) -> Report {
    Report::Session {
        meeting: MEETING,
        session: SessionId(5),
        participant: ParticipantId(6),
        phase,
    }
}

#[test]
fn a_failed_workers_sessions_are_closed_and_its_meetings_can_be_placed_anew() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.say(&sidecar, ToCore::Snapshot);
    let Some(ToWorker::Snapshot(ticket)) = rig.letters(0).pop() else {
        panic!("not asked");
    };
    rig.hear(0, FromWorker::Snapshot(ticket, Vec::new()));
    assert!(matches!(sidecar.next(), Some(FromCore::Snapshot(_))));
    rig.open(&mut sidecar);
    rig.hear(0, FromWorker::Report(session(SessionPhase::Open)));
    sidecar.next();
    rig.order(&sidecar, 2, Command::CloseMeeting);
    rig.hear(0, FromWorker::Failed);
    let closed = session(SessionPhase::Closed(SessionEnd::WorkerFailed));
    assert_eq!(sidecar.next(), Some(FromCore::Report(closed)));
    assert!(sidecar.is_over());
    assert!(matches!(
        rig.letters(0)[..],
        [ToWorker::Order(_), ToWorker::BeginAnew]
    ));

    // While the worker is down, there is nothing, and that is said at once.
    let mut sidecar = rig.connect();
    rig.say(&sidecar, ToCore::Snapshot);
    let nothing = FromCore::Snapshot(Snapshot::default());
    assert_eq!(sidecar.next(), Some(nothing));
    rig.order(&sidecar, 3, Command::OpenMeeting);
    rig.hear(0, FromWorker::Begun);
    assert_eq!(rig.posted(0), [3]);
    rig.answer(0, 3, Outcome::Done);
    assert_eq!(sidecar.next(), Some(answer(3, Outcome::Done)));
}

#[test]
fn lost_reports_end_the_link_so_that_the_sidecar_looks_anew() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.hear(0, FromWorker::Behind);
    assert!(sidecar.is_over());
}
