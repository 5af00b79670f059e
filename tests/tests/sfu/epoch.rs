//! Ownership is fenced: who has lost the meeting cannot order about it (DESIGN D12).

use sfu_proto::control::{Command, Outcome, Refusal, Source};
use sfu_proto::ids::{Epoch, MeetingId, ParticipantId};
use system_tests::world::MEETING;
use system_tests::{PeerConfig, World};

use crate::secs;

#[test]
fn an_old_epoch_is_refused_and_changes_nothing() {
    let mut world = World::new(190);
    let ann = world.join(PeerConfig::caller(1));
    world.run_for(secs(1));
    let newer = world.order(MEETING, Epoch(5), Command::OpenMeeting);
    assert_eq!(newer, Outcome::Done);
    let refused = Outcome::Refused(Refusal::OldEpoch {
        got: Epoch(4),
        current: Epoch(5),
    });
    let mute = Command::Mute {
        participant: ParticipantId(1),
        source: Source::Audio,
        muted: true,
    };
    let session = world.peer(ann).session;
    for command in [
        mute.clone(),
        Command::CloseSession { session },
        Command::CloseMeeting,
        Command::OpenMeeting,
    ] {
        assert_eq!(world.order(MEETING, Epoch(4), command), refused);
    }
    assert_eq!(world.shard.session_count(), 1);
    assert!(world.shard.snapshot()[0].muted.is_empty());
    assert_eq!(world.order(MEETING, Epoch(5), mute), Outcome::Done);
}

#[test]
fn what_is_not_here_is_said() {
    let mut world = World::new(191);
    let session = sfu_proto::ids::SessionId(404);
    let elsewhere = world.order(MeetingId(404), Epoch(1), Command::CloseMeeting);
    assert_eq!(elsewhere, Outcome::Refused(Refusal::NoSuchMeeting));
    let watch = Command::Watch {
        session,
        wanted: None,
    };
    assert_eq!(
        world.command(watch),
        Outcome::Refused(Refusal::NoSuchSession)
    );
    let close = Command::CloseSession { session };
    assert_eq!(
        world.command(close),
        Outcome::Done,
        "gone already is as good as closed"
    );
}
