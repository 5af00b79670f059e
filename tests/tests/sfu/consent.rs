//! Who no longer consents is no longer sent to (RFC 7675 §5.1).

use sfu_proto::control::{SessionEnd, SessionPhase};
use system_tests::{PeerConfig, World};

use crate::{secs, seen, seen_since};

#[test]
fn a_silent_peer_is_let_go_after_thirty_seconds() {
    let mut world = World::new(120);
    let ann = world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(5));
    world.peer_mut(ann).ice.is_silent = true;
    world.run_for(secs(27));
    assert_eq!(world.phase(ann), Some(SessionPhase::Open));
    world.run_for(secs(4));
    assert_eq!(world.end_of(ann), Some(SessionEnd::ConsentExpired));
    assert_eq!(world.phase(bob), Some(SessionPhase::Open));
    assert_eq!(world.shard.session_count(), 1);
    world.assert_sound();
}

#[test]
fn a_call_that_goes_on_never_expires() {
    let mut world = World::new(121);
    let viewer_only = world.join(PeerConfig::viewer(1));
    world.join(PeerConfig {
        camera: 0,
        ..PeerConfig::caller(2)
    });
    world.run_for(secs(100));
    assert_eq!(world.phase(viewer_only), Some(SessionPhase::Open));
}

#[test]
fn a_gap_of_twenty_seconds_is_survived() {
    let mut world = World::new(122);
    let ann = world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    world.network.up(ann).partitioned = true;
    world.network.down(ann).partitioned = true;
    world.run_for(secs(20));
    world.network.up(ann).partitioned = false;
    world.network.down(ann).partitioned = false;
    world.run_for(secs(3));
    for peer in [ann, bob] {
        let before = seen(&world, peer).len();
        world.run_for(secs(1));
        assert!(seen_since(&world, peer, before) > 27);
    }
    world.assert_sound();
}
