//! Somebody leaves.

use sfu_proto::control::{Command, Outcome, SessionEnd, Source};
use sfu_proto::dropped::Dropped;
use system_tests::{PeerConfig, World};

use crate::{ms, secs, seen, seen_since};

#[test]
fn slots_are_cleared_and_given_to_others() {
    let mut world = World::new(140);
    let ann = world.join(PeerConfig::publisher(1));
    world.join(PeerConfig::publisher(2));
    let viewer = world.join(PeerConfig {
        audio_slots: 2,
        video_slots: 1,
        screen_slots: 0,
        ..PeerConfig::viewer(9)
    });
    world.watch(viewer, &[(1, 360), (2, 360)]);
    world.run_for(secs(3));
    assert_eq!(world.slots_reported(viewer)[2], Some((1, Source::Camera)));
    world.close(ann);
    world.run_for(ms(500));
    assert_eq!(world.end_of(ann), Some(SessionEnd::Ordered));
    let slots = world.slots_reported(viewer);
    assert_eq!(slots[2], Some((2, Source::Camera)));
    assert_eq!(slots[..2].iter().flatten().count(), 1, "one voice is left");
    assert!(
        world.dropped(Dropped::UnknownAddress) > 0,
        "the leaver still sends"
    );
    world.run_for(secs(1));
    assert_eq!(seen(&world, viewer).last().unwrap().participant, 2);
    world.assert_sound();
}

#[test]
fn the_last_one_out_leaves_nothing_behind() {
    let mut world = World::new(141);
    let peers: Vec<_> = (1..=4)
        .map(|who| world.join(PeerConfig::caller(who)))
        .collect();
    world.run_for(secs(2));
    peers.iter().for_each(|peer| world.close(*peer));
    world.run_for(secs(1));
    assert_eq!(world.shard.session_count(), 0);
    let snapshot = world.shard.snapshot();
    assert!(snapshot[0].sessions.is_empty() && snapshot[0].live.is_empty());
    assert!(snapshot[0].speaking.is_empty());
    assert_eq!(world.command(Command::CloseMeeting), Outcome::Done);
    assert!(world.shard.snapshot().is_empty());
}

#[test]
fn closing_the_meeting_ends_everybody() {
    let mut world = World::new(142);
    let peers: Vec<_> = (1..=3)
        .map(|who| world.join(PeerConfig::caller(who)))
        .collect();
    world.run_for(secs(2));
    assert_eq!(world.command(Command::CloseMeeting), Outcome::Done);
    for peer in peers {
        assert_eq!(world.end_of(peer), Some(SessionEnd::Ordered));
    }
    world.run_for(secs(1));
    assert_eq!(world.shard.session_count(), 0);
}

#[test]
fn who_leaves_and_comes_back_is_seen_again() {
    let mut world = World::new(143);
    let viewer = world.join(PeerConfig::viewer(9));
    for _ in 0..5 {
        let ann = world.join(PeerConfig::publisher(1));
        let before = seen(&world, viewer).len();
        world.run_for(secs(1));
        assert!(seen_since(&world, viewer, before) > 20);
        world.close(ann);
        world.run_for(ms(300));
    }
    world.assert_sound();
}
