//! A peer's address changes; its session does not.

use sfu_proto::control::SessionPhase;
use sfu_proto::dropped::Dropped;
use system_tests::{PeerConfig, World};

use crate::{ms, secs, seen, seen_since};

#[test]
fn who_walks_out_of_the_wifi_is_back_within_a_round_trip() {
    let mut world = World::new(50);
    let ann = world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let opened = world.shard.counters.sessions_opened;
    let before = [ann, bob].map(|peer| seen(&world, peer).len());
    world.move_peer(bob);
    world.run_for(secs(1));
    for (peer, before) in [ann, bob].into_iter().zip(before) {
        let frames = seen_since(&world, peer, before);
        assert!(frames > 27, "{frames} frames in the second of the move");
    }
    assert_eq!(world.shard.counters.sessions_opened, opened);
    assert_eq!(world.phase(bob), Some(SessionPhase::Open));
    world.assert_sound();
}

#[test]
fn a_nat_that_rebinds_is_found_out_by_the_next_check() {
    let mut world = World::new(51);
    world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    world.rebind(bob);
    world.run_for(secs(3));
    assert!(
        world.dropped(Dropped::UnknownAddress) > 0,
        "media alone proves nothing"
    );
    let before = seen(&world, bob).len();
    let ended = world.run_until(secs(1), |world| seen_since(world, bob, before) >= 10);
    assert!(ended.is_some_and(|took| took < ms(500)), "{ended:?}");
    world.run_for(secs(1));
    assert!(world.peer(bob).video_slots().next().unwrap().is_whole());
    world.assert_sound();
}

#[test]
fn many_moves_do_not_fill_the_table() {
    let mut world = World::new(52);
    world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    for _ in 0..40 {
        world.run_for(secs(2));
        world.move_peer(bob);
    }
    world.run_for(secs(2));
    let before = seen(&world, bob).len();
    world.run_for(secs(1));
    assert!(seen_since(&world, bob, before) > 27);
    assert_eq!(world.dropped(Dropped::StunAddressesFull), 0);
    world.assert_sound();
}
