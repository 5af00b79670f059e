//! A sidecar that was away asks for everything.

use sfu_proto::control::{SessionPhase, Source};
use sfu_proto::ids::ParticipantId;
use system_tests::world::{EPOCH, MEETING};
use system_tests::{PeerConfig, World};

use crate::secs;

#[test]
fn it_says_what_the_reports_said() {
    let mut world = World::new(200);
    let ann = world.join(PeerConfig {
        level: 20,
        ..PeerConfig::caller(1)
    });
    let bob = world.join(PeerConfig {
        level: 127,
        ..PeerConfig::caller(2)
    });
    let late = world.join(PeerConfig::viewer(3));
    world.peer_mut(late).ice.is_silent = true;
    world.mute(bob, Source::Camera, true);
    world.run_for(secs(3));

    let snapshot = world.shard.snapshot();
    let [meeting] = &snapshot[..] else {
        panic!("one meeting, not {}", snapshot.len());
    };
    assert_eq!((meeting.meeting, meeting.epoch), (MEETING, EPOCH));
    assert_eq!(meeting.muted, [(ParticipantId(2), Source::Camera)]);
    assert_eq!(meeting.speaking, [ParticipantId(1)]);
    let mut live = meeting.live.clone();
    live.sort_unstable();
    let (one, two) = (ParticipantId(1), ParticipantId(2));
    assert_eq!(
        live,
        [
            (one, Source::Audio),
            (one, Source::Camera),
            (two, Source::Audio)
        ]
    );
    for peer in [ann, bob, late] {
        let session = world.peer(peer).session;
        let state = meeting
            .sessions
            .iter()
            .find(|s| s.session == session)
            .unwrap();
        assert_eq!(Some(state.phase), world.phase(peer));
        let shown: Vec<_> = state
            .slots
            .iter()
            .map(|s| s.showing.map(|(p, s)| (p.0, s)))
            .collect();
        assert_eq!(shown, world.slots_reported(peer));
        let sources: Vec<_> = world
            .peer(peer)
            .slots
            .iter()
            .map(|slot| slot.source)
            .collect();
        assert_eq!(state.sources, sources);
    }
    assert_eq!(world.phase(late), Some(SessionPhase::Checking));
}
