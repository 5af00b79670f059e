//! A participant comes a second time: a reload, a move (DESIGN D2).

use sfu_proto::control::{Report, SessionEnd, SessionPhase, Source};
use sfu_proto::ids::ParticipantId;
use system_tests::{PeerConfig, World};

use crate::{ms, secs, seen, seen_since};

#[test]
fn the_new_session_takes_over_with_its_first_media() {
    let mut world = World::new(130);
    let old = world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let before = seen(&world, bob).len();
    let new = world.join(PeerConfig::caller(1));
    assert_eq!(
        world.phase(old),
        Some(SessionPhase::Open),
        "make before break"
    );
    let took = world.run_until(secs(2), |world| world.end_of(old).is_some());
    assert!(took.is_some_and(|took| took < ms(200)), "{took:?}");
    assert_eq!(world.end_of(old), Some(SessionEnd::TakenOver));
    world.run_for(secs(2));
    assert!(seen_since(&world, bob, before) > 55);
    assert!(seen(&world, new).len() > 50);
    assert_eq!(world.shard.session_count(), 2);
    world.assert_sound();
}

#[test]
fn an_older_session_never_takes_over_a_newer_one() {
    let mut world = World::new(131);
    // The first transport comes up so slowly that the page gives it up and begins another; then
    // the first one's media arrives all the same, before the second's.
    world.join(PeerConfig::publisher(2));
    let slow = world.join(PeerConfig::viewer(1));
    world.network.up(slow).delay = ms(700);
    world.run_for(secs(1));
    let new = world.join(PeerConfig::viewer(1));
    world.network.up(new).delay = ms(700);
    world.run_for(secs(20));
    assert_eq!(world.end_of(new), None);
    assert_eq!(world.end_of(slow), Some(SessionEnd::TakenOver));
    assert!(seen(&world, new).len() > 100);
    world.assert_sound();
}

#[test]
fn nobody_is_shown_twice_while_two_sessions_live() {
    let mut world = World::new(132);
    world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.run_for(secs(2));
    for _ in 0..3 {
        world.join(PeerConfig::publisher(1));
        world.run_for(secs(2));
    }
    let shown: Vec<_> = world.slots_reported(viewer).into_iter().flatten().collect();
    assert_eq!(shown.len(), 2, "one voice, one picture: {shown:?}");
    world.assert_sound();
}

/// A reload with the camera off: what the old session showed has ended, and the others hear of it.
#[test]
fn what_ends_with_the_older_session_is_said_to_end() {
    let mut world = World::new(133);
    world.join(PeerConfig::caller(1));
    world.join(PeerConfig::caller(2));
    world.run_for(secs(2));
    let so_far = world.reports.len();
    world.join(PeerConfig::viewer(1));
    world.run_for(secs(3));
    let mut ended: Vec<_> = world.reports[so_far..]
        .iter()
        .filter_map(|(_, report)| match report {
            Report::Published {
                participant: ParticipantId(1),
                source,
                live: false,
                ..
            } => Some(*source),
            _ => None,
        })
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, [Source::Audio, Source::Camera]);
}
