//! ICE begins anew under the same keys (RFC 8445 §9).

use sfu_proto::dropped::Dropped;
use system_tests::{PeerConfig, World};

use crate::{secs, seen, seen_since};

#[test]
fn media_never_stops_and_old_credentials_hold_until_the_new_are_used() {
    let mut world = World::new(110);
    world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let (local, remote) = world.restart_ice(bob);

    // The answer is on its way: the page still checks under the old ones.
    let (answered, before) = (world.peer(bob).ice.checks_answered, seen(&world, bob).len());
    world.run_for(secs(6));
    assert!(world.peer(bob).ice.checks_answered > answered);
    assert!(seen_since(&world, bob, before) > 175);

    let now = world.now();
    let old = {
        let ice = &mut world.peer_mut(bob).ice;
        let old = (ice.local.clone(), ice.remote.clone());
        (ice.local, ice.remote) = (local, remote);
        ice.begin_again(now);
        old
    };
    let before = seen(&world, bob).len();
    world.run_for(secs(6));
    assert!(world.peer(bob).ice.is_connected);
    assert!(seen_since(&world, bob, before) > 175);
    assert_eq!(
        world.shard.counters.sessions_opened, 2,
        "the same keys go on"
    );

    // Now the old ones are worth nothing.
    let refused = world.dropped(Dropped::StunUnknownUser);
    let ice = &mut world.peer_mut(bob).ice;
    (ice.local, ice.remote) = old;
    ice.begin_again(now);
    world.run_for(secs(1));
    assert!(world.dropped(Dropped::StunUnknownUser) > refused);
    world.assert_sound();
}

#[test]
fn a_restart_from_a_new_network_moves_the_session() {
    let mut world = World::new(111);
    world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let (local, remote) = world.restart_ice(bob);
    let ice = &mut world.peer_mut(bob).ice;
    (ice.local, ice.remote) = (local, remote);
    world.move_peer(bob);
    let before = seen(&world, bob).len();
    world.run_for(secs(2));
    assert!(seen_since(&world, bob, before) > 55);
    world.assert_sound();
}
