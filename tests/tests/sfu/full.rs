//! Every limit refuses by its name.

use sfu_proto::control::{Command, Outcome, Refusal};
use sfu_proto::ids::{MeetingId, SessionId};
use sfu_proto::limits;
use system_tests::world::{EPOCH, MEETING};
use system_tests::{PeerConfig, World};

fn full(limit: &str) -> Refusal {
    Refusal::Full {
        limit: limit.to_owned(),
    }
}

fn bystander(participant: usize) -> PeerConfig {
    PeerConfig {
        audio_slots: 1,
        video_slots: 0,
        screen_slots: 0,
        ..PeerConfig::viewer(u32::try_from(participant).unwrap())
    }
}

/// Opens a session without a peer behind it.
fn open(world: &mut World, meeting: MeetingId, id: usize, config: &PeerConfig) -> Outcome {
    let ice = system_tests::peer::ice::credentials(&mut world.chance);
    let command = Command::OpenSession {
        session: SessionId(id as u128),
        plan: config.plan(ice),
    };
    world.order(meeting, EPOCH, command)
}

#[test]
fn sessions_of_a_meeting_and_of_a_worker() {
    let mut world = World::new(180);
    for n in 1..=limits::SESSIONS_PER_MEETING_MAX {
        let outcome = open(&mut world, MEETING, n, &bystander(n));
        assert!(matches!(outcome, Outcome::SessionOpened(_)), "{outcome:?}");
    }
    let outcome = open(&mut world, MEETING, 50_000, &bystander(50_000));
    assert_eq!(outcome, Outcome::Refused(full("SESSIONS_PER_MEETING_MAX")));

    let mut opened = limits::SESSIONS_PER_MEETING_MAX;
    let mut meeting = MEETING;
    while opened < limits::SESSIONS_PER_WORKER_MAX {
        if opened.is_multiple_of(limits::SESSIONS_PER_MEETING_MAX) {
            meeting = MeetingId(meeting.0 + 1);
            world.order(meeting, EPOCH, Command::OpenMeeting);
        }
        opened += 1;
        let outcome = open(&mut world, meeting, opened, &bystander(opened));
        assert!(matches!(outcome, Outcome::SessionOpened(_)), "{outcome:?}");
    }
    let elsewhere = MeetingId(77);
    world.order(elsewhere, EPOCH, Command::OpenMeeting);
    let outcome = open(&mut world, elsewhere, 50_000, &bystander(50_000));
    assert_eq!(outcome, Outcome::Refused(full("SESSIONS_PER_WORKER_MAX")));

    // One goes, one may come.
    let session = SessionId(1);
    world.command(Command::CloseSession { session });
    let outcome = open(&mut world, elsewhere, 50_000, &bystander(50_000));
    assert!(matches!(outcome, Outcome::SessionOpened(_)), "{outcome:?}");
}

#[test]
fn meetings_of_a_worker() {
    let mut world = World::new(181);
    for n in 2..=limits::MEETINGS_PER_WORKER_MAX {
        let outcome = world.order(MeetingId(n as u128), EPOCH, Command::OpenMeeting);
        assert_eq!(outcome, Outcome::Done);
    }
    let outcome = world.order(MeetingId(99_999), EPOCH, Command::OpenMeeting);
    assert_eq!(outcome, Outcome::Refused(full("MEETINGS_PER_WORKER_MAX")));
}

#[test]
fn a_plan_that_cannot_be_is_refused_with_its_reason() {
    let mut world = World::new(182);
    for config in [
        PeerConfig::viewer(0),
        PeerConfig {
            video_slots: limits::SLOTS_PER_SESSION_MAX + 1,
            ..PeerConfig::viewer(1)
        },
    ] {
        let outcome = open(&mut world, MEETING, 1, &config);
        assert!(
            matches!(outcome, Outcome::Refused(Refusal::BadPlan { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(world.shard.session_count(), 0);
}
