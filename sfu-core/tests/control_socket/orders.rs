//! Orders and questions.

use std::path::Path;

use sfu_proto::control::{
    Command, ExtensionIds, Fingerprint, FromCore, IceCredentials, Outcome, Refusal, SessionPlan,
    Source, ToCore,
};
use sfu_proto::ids::{Epoch, ParticipantId, SessionId};
use sfu_proto::limits::{COMMANDS_PER_PASS_MAX, SESSIONS_BEFORE_SPREAD};

use crate::rig::{MEETING, PATIENCE, Sidecar, on_both_drivers, order};

on_both_drivers! {
    a_repeated_operation_gives_the_same_answer,
    an_old_epoch_is_refused_and_changes_nothing,
    two_questions_at_once_are_answered_each,
    more_orders_than_one_pass_takes_are_answered_at_once,
    a_large_meeting_spreads_and_stays_one,
}

const SESSION: SessionId = SessionId(5);

fn ice() -> IceCredentials {
    IceCredentials {
        ufrag: "theirs".to_owned(),
        password: "a-password-of-twenty-two".to_owned(),
    }
}

fn open_session() -> Command {
    let plan = SessionPlan {
        participant: ParticipantId(6),
        ice: ice(),
        fingerprint: Fingerprint([7; 32]),
        extensions: ExtensionIds::default(),
        publish: Vec::new(),
        slots: Vec::new(),
    };
    Command::OpenSession {
        session: SESSION,
        plan,
    }
}

fn restart() -> Command {
    Command::RestartIce {
        session: SESSION,
        remote: ice(),
    }
}

fn a_repeated_operation_gives_the_same_answer(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    assert_eq!(sidecar.order(1, 1, Command::OpenMeeting), Outcome::Done);
    let Outcome::SessionOpened(opened) = sidecar.order(2, 1, open_session()) else {
        panic!("not opened");
    };
    assert!(!opened.candidates.is_empty());

    let restarted = sidecar.order(3, 1, restart());
    assert_ne!(restarted, Outcome::SessionOpened(opened));
    assert_eq!(sidecar.order(3, 1, restart()), restarted);
    // Also while the first is under way, and also over a new connection.
    let twice = [order(4, 1, restart()), order(4, 1, restart())];
    sidecar.say(&twice).unwrap();
    let first = sidecar.answer_to(4);
    let mut sidecar = Sidecar::connect(socket);
    assert_eq!(sidecar.order(4, 1, restart()), first);
}

fn an_old_epoch_is_refused_and_changes_nothing(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    assert_eq!(sidecar.order(1, 5, Command::OpenMeeting), Outcome::Done);
    let old = Outcome::Refused(Refusal::OldEpoch {
        got: Epoch(4),
        current: Epoch(5),
    });
    assert_eq!(sidecar.order(2, 4, Command::CloseMeeting), old);
    assert_eq!(sidecar.order(3, 4, Command::OpenMeeting), old);
    assert_eq!(sidecar.order(4, 5, Command::CloseMeeting), Outcome::Done);
    assert_eq!(
        sidecar.order(5, 5, Command::CloseMeeting),
        Outcome::Refused(Refusal::NoSuchMeeting)
    );
}

fn two_questions_at_once_are_answered_each(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    sidecar.order(1, 3, Command::OpenMeeting);
    sidecar.order(2, 3, open_session());
    sidecar.say(&[ToCore::Snapshot, ToCore::Snapshot]).unwrap();
    for _ in 0..2 {
        let snapshot = sidecar.snapshot();
        let [meeting] = &snapshot.meetings[..] else {
            panic!("{snapshot:?}");
        };
        assert_eq!((meeting.meeting, meeting.epoch), (MEETING, Epoch(3)));
        assert_eq!(meeting.sessions.len(), 1);
        assert_eq!(meeting.sessions[0].session, SESSION);
    }
    sidecar.say(&[ToCore::Counters, ToCore::Counters]).unwrap();
    for _ in 0..2 {
        let FromCore::Counters(counters) = sidecar.next_asked() else {
            panic!("no counters");
        };
        assert!(counters.contains(&("millrace_sessions".to_owned(), 1)));
        let named = |name: &str| counters.iter().filter(|(n, _)| n == name).count();
        assert_eq!(
            named("millrace_handshake_session_datagrams_dropped_total"),
            1
        );
    }
}

fn more_orders_than_one_pass_takes_are_answered_at_once(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    sidecar.order(1, 1, Command::OpenMeeting);
    let last = 2 + 40 * COMMANDS_PER_PASS_MAX as u128;
    let mute = |operation| {
        let command = Command::Mute {
            participant: ParticipantId(6),
            source: Source::Audio,
            muted: operation % 2 == 0,
        };
        order(operation, 1, command)
    };
    let orders: Vec<_> = (2..=last).map(mute).collect();
    let begun = std::time::Instant::now();
    sidecar.say(&orders).unwrap();
    for operation in 2..=last {
        assert_eq!(sidecar.answer_to(operation), Outcome::Done);
    }
    // A worker that sleeps between two lots would sleep a second each time.
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

fn a_large_meeting_spreads_and_stays_one(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    sidecar.order(1, 1, Command::OpenMeeting);
    let count = SESSIONS_BEFORE_SPREAD + 2;
    let ports: Vec<_> = (1..=count as u128)
        .map(|number| {
            let Command::OpenSession { mut plan, .. } = open_session() else {
                panic!("no plan");
            };
            plan.participant = ParticipantId(u32::try_from(number).unwrap());
            let session = SessionId(number);
            let command = Command::OpenSession { session, plan };
            let Outcome::SessionOpened(opened) = sidecar.order(100 + number, 1, command) else {
                panic!("not opened");
            };
            opened.candidates[0].port()
        })
        .collect();
    // The answer names the port of the worker where the session lives.
    let (here, there) = ports.split_at(SESSIONS_BEFORE_SPREAD);
    assert!(here.iter().all(|port| *port == here[0]));
    assert!(there.iter().all(|port| *port == here[0] + 1));

    let mute = Command::Mute {
        participant: ParticipantId(1),
        source: Source::Audio,
        muted: true,
    };
    assert_eq!(sidecar.order(2, 1, mute), Outcome::Done);
    sidecar.say(&[ToCore::Snapshot]).unwrap();
    let snapshot = sidecar.snapshot();
    let [meeting] = &snapshot.meetings[..] else {
        panic!("{} meetings", snapshot.meetings.len());
    };
    assert_eq!(meeting.sessions.len(), count);
    assert_eq!(meeting.muted, [(ParticipantId(1), Source::Audio)]);
    let last = SessionId(count as u128);
    let leave = Command::CloseSession { session: last };
    assert_eq!(sidecar.order(3, 1, leave), Outcome::Done);
    assert_eq!(sidecar.order(4, 1, Command::CloseMeeting), Outcome::Done);
    sidecar.say(&[ToCore::Snapshot]).unwrap();
    assert!(sidecar.snapshot().meetings.is_empty());
}
