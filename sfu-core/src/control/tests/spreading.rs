//! A meeting that outgrows its home: who goes where, and how its parts stay one meeting.

use sfu_proto::control::{
    Command, ExtensionIds, Fingerprint, FromCore, IceCredentials, MeetingState, Outcome, Report,
    SessionEnd, SessionPhase, SessionPlan, SessionState, Snapshot, Source, ToCore,
};
use sfu_proto::ids::{Epoch, ParticipantId, SessionId};
use sfu_proto::limits::SESSIONS_BEFORE_SPREAD;
use sfu_proto::shard::Spread;

use super::rig::{MEETING, REFUSED, Rig, Sidecar, answer};
use crate::mailbox::{FromWorker, NewPart, ToWorker};

const FIRST_ON_THE_OTHER: u128 = 100 + SESSIONS_BEFORE_SPREAD as u128;

fn join(session: u128, participant: u32) -> Command {
    let plan = SessionPlan {
        participant: ParticipantId(participant),
        ice: IceCredentials {
            ufrag: "theirs".to_owned(),
            password: "a-password-of-twenty-two".to_owned(),
        },
        fingerprint: Fingerprint([7; 32]),
        extensions: ExtensionIds::default(),
        publish: Vec::new(),
        slots: Vec::new(),
    };
    Command::OpenSession {
        session: SessionId(session),
        plan,
    }
}

/// Session `number` of its own participant, by an order of the same number.
fn joins(rig: &mut Rig, sidecar: &Sidecar, number: u128) {
    let participant = u32::try_from(number).unwrap();
    rig.order(sidecar, number, join(number, participant));
}

fn phase(session: u128, phase: SessionPhase) -> Report {
    Report::Session {
        meeting: MEETING,
        session: SessionId(session),
        participant: ParticipantId(u32::try_from(session).unwrap()),
        phase,
    }
}

/// The meeting has as many sessions at home as it takes to spread; nobody has read their orders.
fn full_home(workers: usize) -> (Rig, Sidecar) {
    let mut rig = Rig::new(workers);
    let mut sidecar = rig.connect();
    rig.open(&mut sidecar);
    for number in 100..FIRST_ON_THE_OTHER {
        joins(&mut rig, &sidecar, number);
    }
    assert_eq!(rig.posted(0).len(), SESSIONS_BEFORE_SPREAD);
    (rig, sidecar)
}

/// One session more, which lives on worker 1.
fn spread(workers: usize) -> (Rig, Sidecar) {
    let (mut rig, sidecar) = full_home(workers);
    joins(&mut rig, &sidecar, FIRST_ON_THE_OTHER);
    rig.letters(0);
    rig.letters(1);
    (rig, sidecar)
}

fn snapshot(rig: &mut Rig, sidecar: &mut Sidecar, parts: &[(usize, MeetingState)]) -> Snapshot {
    rig.say(sidecar, ToCore::Snapshot);
    for (worker, part) in parts {
        let Some(ToWorker::Snapshot(ticket)) = rig.letters(*worker).pop() else {
            panic!("worker {worker} is not asked");
        };
        rig.hear(*worker, FromWorker::Snapshot(ticket, vec![part.clone()]));
    }
    match sidecar.next() {
        Some(FromCore::Snapshot(snapshot)) => snapshot,
        other => panic!("{other:?}"),
    }
}

fn part_state(session: u128) -> MeetingState {
    let participant = ParticipantId(u32::try_from(session).unwrap());
    MeetingState {
        meeting: MEETING,
        epoch: Epoch(1),
        sessions: vec![SessionState {
            session: SessionId(session),
            participant,
            phase: SessionPhase::Open,
            slots: Vec::new(),
            sources: Vec::new(),
        }],
        muted: vec![(ParticipantId(1), Source::Audio)],
        live: vec![(participant, Source::Camera)],
        speaking: Vec::new(),
    }
}

#[test]
fn the_next_session_goes_to_a_part_that_begins_with_what_was_muted() {
    let (mut rig, sidecar) = full_home(2);
    let mute = Command::Mute {
        participant: ParticipantId(100),
        source: Source::Camera,
        muted: true,
    };
    rig.order(&sidecar, 5, mute.clone());
    assert_eq!(rig.posted(0), [5]);
    rig.answer(0, 5, Outcome::Done);

    joins(&mut rig, &sidecar, FIRST_ON_THE_OTHER);
    let over_both = Spread {
        home: 0,
        parts: vec![0, 1],
    };
    let letters = rig.letters(1);
    let [ToWorker::Part(begun), ToWorker::Order(joined)] = &letters[..] else {
        panic!("{letters:?}");
    };
    let commands: Vec<_> = begun.orders.iter().map(|it| it.command.clone()).collect();
    assert_eq!(commands, [Command::OpenMeeting, mute]);
    assert_eq!((&begun.spread, begun.ways.len()), (&over_both, 1));
    assert_eq!(begun.ways[0].0, 0);
    assert_eq!(joined.operation.0, FIRST_ON_THE_OTHER);
    let letters = rig.letters(0);
    let [
        ToWorker::Part(NewPart {
            orders,
            spread,
            ways,
            ..
        }),
    ] = &letters[..]
    else {
        panic!("{letters:?}");
    };
    assert!(orders.is_empty() && *spread == over_both);
    assert_eq!(ways[0].0, 1);
}

#[test]
fn with_one_worker_nothing_spreads() {
    let (mut rig, sidecar) = full_home(1);
    joins(&mut rig, &sidecar, FIRST_ON_THE_OTHER);
    assert_eq!(rig.posted(0), [FIRST_ON_THE_OTHER]);
}

#[test]
fn further_sessions_go_where_the_fewest_are_and_a_participants_where_its_older_one_is() {
    let (mut rig, sidecar) = spread(3);
    // Worker 2 has none yet, and there is a ring already only between 0 and 1.
    joins(&mut rig, &sidecar, 600);
    let letters = rig.letters(2);
    let [ToWorker::Part(begun), ToWorker::Order(_)] = &letters[..] else {
        panic!("{letters:?}");
    };
    let others: Vec<_> = begun.ways.iter().map(|(worker, _)| *worker).collect();
    assert_eq!(others, [0, 1]);
    for worker in [0, 1] {
        assert!(matches!(&rig.letters(worker)[..], [ToWorker::Part(part)] if part.ways.len() == 1));
    }
    joins(&mut rig, &sidecar, 601);
    assert_eq!((rig.posted(1), rig.posted(2)), (vec![601], vec![]));
    // Participants 100 and 600 come again.
    rig.order(&sidecar, 700, join(700, 100));
    rig.order(&sidecar, 701, join(701, 600));
    assert_eq!((rig.posted(0), rig.posted(2)), (vec![700], vec![701]));
    let leave = |session| Command::CloseSession {
        session: SessionId(session),
    };
    rig.order(&sidecar, 800, leave(601));
    rig.order(&sidecar, 801, leave(700));
    assert_eq!((rig.posted(0), rig.posted(1)), (vec![801], vec![800]));
}

#[test]
fn a_refused_session_takes_no_place() {
    let (mut rig, mut sidecar) = full_home(2);
    let last = FIRST_ON_THE_OTHER - 1;
    rig.answer(0, last, REFUSED);
    assert_eq!(sidecar.next(), Some(answer(last, REFUSED)));
    joins(&mut rig, &sidecar, 900);
    assert_eq!((rig.posted(0), rig.posted(1)), (vec![900], vec![]));
}

#[test]
fn orders_for_all_go_to_each_part_and_are_answered_once() {
    let (mut rig, mut sidecar) = spread(2);
    let mute = Command::Mute {
        participant: ParticipantId(1),
        source: Source::Audio,
        muted: true,
    };
    for (operation, command) in [(5, mute), (6, Command::CloseMeeting)] {
        rig.order(&sidecar, operation, command);
        assert_eq!(rig.posted(0), [operation]);
        assert_eq!(rig.posted(1), [operation]);
        rig.answer(1, operation, Outcome::Done);
        assert_eq!(sidecar.next(), None);
        rig.answer(0, operation, Outcome::Done);
        assert_eq!(sidecar.next(), Some(answer(operation, Outcome::Done)));
    }
    rig.order(&sidecar, 7, Command::CloseMeeting);
    assert!(matches!(
        sidecar.next(),
        Some(FromCore::Answer {
            outcome: Outcome::Refused(_),
            ..
        })
    ));
}

#[test]
fn a_snapshot_shows_one_meeting() {
    let (mut rig, mut sidecar) = spread(2);
    let mut home = part_state(100);
    home.speaking = vec![ParticipantId(100)];
    let other = part_state(FIRST_ON_THE_OTHER);
    let snapshot = snapshot(&mut rig, &mut sidecar, &[(1, other), (0, home)]);
    let [meeting] = &snapshot.meetings[..] else {
        panic!("{snapshot:?}");
    };
    assert_eq!((meeting.sessions.len(), meeting.live.len()), (2, 2));
    assert_eq!(meeting.muted, [(ParticipantId(1), Source::Audio)]);
    assert_eq!(meeting.speaking, [ParticipantId(100)]);
}

#[test]
fn a_part_that_fails_takes_its_sessions_and_no_others() {
    for failed in [1, 0] {
        let (mut rig, mut sidecar) = spread(2);
        let parts = [(0, part_state(100)), (1, part_state(FIRST_ON_THE_OTHER))];
        snapshot(&mut rig, &mut sidecar, &parts);
        rig.hear(failed, FromWorker::Failed);
        let session = [100, FIRST_ON_THE_OTHER][failed];
        let closed = SessionPhase::Closed(SessionEnd::WorkerFailed);
        // Those that the snapshot did not know are still opening, and nobody has heard of them.
        assert_eq!(
            sidecar.next(),
            Some(FromCore::Report(phase(session, closed)))
        );
        assert!(sidecar.is_over());
        let survivor = 1 - failed;
        let letters = rig.letters(survivor);
        let [ToWorker::Part(NewPart { spread, .. })] = &letters[..] else {
            panic!("{letters:?}");
        };
        let number = u8::try_from(survivor).unwrap();
        assert_eq!((spread.home, &spread.parts[..]), (number, &[number][..]));

        // The sidecar finds the meeting where it lives on.
        let mut sidecar = rig.connect();
        rig.letters(failed);
        rig.hear(failed, FromWorker::Begun);
        rig.order(&sidecar, 5, Command::OpenMeeting);
        assert_eq!(rig.posted(survivor), [5]);
        rig.answer(survivor, 5, Outcome::Done);
        assert_eq!(sidecar.next(), Some(answer(5, Outcome::Done)));
    }
}

#[test]
fn a_worker_that_has_begun_anew_is_joined_by_new_rings() {
    let (mut rig, _) = spread(2);
    rig.hear(1, FromWorker::Failed);
    rig.hear(1, FromWorker::Begun);
    rig.letters(0);
    rig.letters(1);
    let sidecar = rig.connect();
    joins(&mut rig, &sidecar, 900);
    for worker in [0, 1] {
        let letters = rig.letters(worker);
        assert!(matches!(&letters[0], ToWorker::Part(part) if part.ways.len() == 1));
    }
}
