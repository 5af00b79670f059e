//! Packets overtake one another and come twice.

use sfu_proto::dropped::Dropped;
use system_tests::{Conditions, PeerConfig, World};

use crate::{ms, secs, seen};

#[test]
fn jitter_and_duplicates_cost_no_frame() {
    let mut world = World::new(30);
    let ann = world.join(PeerConfig::publisher(1));
    let bob = world.join(PeerConfig::viewer(2));
    let rough = Conditions {
        jitter: ms(15),
        duplicate_per_mille: 50,
        ..Conditions::default()
    };
    world.set_conditions(ann, rough);
    world.set_conditions(bob, rough);
    world.run_for(secs(15));
    world.assert_sound();
    assert!(seen(&world, bob).len() > 430, "{}", seen(&world, bob).len());
    let slot = world.peer(bob).video_slots().next().unwrap();
    assert_eq!(slot.skips, 0);
    assert!(
        world.dropped(Dropped::SrtpReplayed) > 20,
        "copies stop at the door"
    );
    let asked = world.peer(ann).video.iter().map(|s| s.key_frames_asked);
    assert!(
        asked.sum::<u64>() < 6,
        "reordering is no reason for key frames"
    );
}

#[test]
fn a_long_detour_is_worth_a_late_packet_not_a_new_picture() {
    let mut world = World::new(31);
    let ann = world.join(PeerConfig {
        camera: 1,
        ..PeerConfig::publisher(1)
    });
    let bob = world.join(PeerConfig::viewer(2));
    world.run_for(secs(1));
    world.network.up(ann).jitter = ms(120);
    world.run_for(secs(10));
    world.assert_sound();
    assert!(seen(&world, bob).len() > 310, "{}", seen(&world, bob).len());
    assert_eq!(world.peer(bob).video_slots().next().unwrap().skips, 0);
}
