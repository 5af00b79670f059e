//! Packets are lost on the way; nothing is missing in the end.

use system_tests::{Conditions, PeerConfig, World};

use crate::{lossy, secs, seen, seen_since};

/// Ann publishes to Bob over two lines of which each loses what it is told.
fn meet(
    seed: u64,
    up: Conditions,
    down: Conditions,
) -> (World, system_tests::PeerId, system_tests::PeerId) {
    let mut world = World::new(seed);
    let ann = world.join(PeerConfig {
        camera: 1,
        ..PeerConfig::publisher(1)
    });
    let bob = world.join(PeerConfig::viewer(2));
    world.run_for(secs(1));
    world.set_conditions(ann, up);
    world.set_conditions(bob, down);
    (world, ann, bob)
}

#[test]
fn five_percent_each_way_is_repaired_or_skipped_by_a_key_frame() {
    for seed in 10..15 {
        let (mut world, ann, bob) = meet(seed, lossy(50), lossy(50));
        world.run_for(secs(20));
        world.assert_sound();
        let frames = seen(&world, bob).len();
        // 21 seconds of 30 frames; of what is lost, nearly all comes back.
        assert!(frames > 560, "seed {seed}: {frames} frames");
        let slot = world.peer(bob).video_slots().next().unwrap();
        assert!(slot.repaired > 10, "{} repaired", slot.repaired);
        assert!(slot.skips < 8, "seed {seed}: {} skips", slot.skips);
        assert!(world.shard.counters.repairs_received > 10);

        for peer in [ann, bob] {
            world.set_conditions(peer, Conditions::default());
        }
        world.run_for(secs(2));
        let before = seen(&world, bob).len();
        world.run_for(secs(5));
        let after = seen_since(&world, bob, before);
        assert!((149..=151).contains(&after), "{after} frames in 5 s");
        assert!(world.peer(bob).video_slots().next().unwrap().is_whole());
        world.assert_sound();
    }
}

#[test]
fn loss_on_the_way_in_is_repaired_by_the_publisher() {
    let (mut world, _, bob) = meet(20, lossy(50), Conditions::default());
    world.run_for(secs(10));
    world.assert_sound();
    let counters = &world.shard.counters;
    assert!(counters.repairs_received > 5, "{counters:?}");
    let slot = world.peer(bob).video_slots().next().unwrap();
    assert_eq!(slot.skips, 0, "the viewer never has to give up");
    assert!(seen(&world, bob).len() > 320);
}

#[test]
fn loss_on_the_way_out_is_repaired_from_the_cache() {
    let (mut world, ann, bob) = meet(21, Conditions::default(), lossy(50));
    world.run_for(secs(10));
    world.assert_sound();
    assert!(world.shard.counters.packets_resent > 10);
    assert_eq!(world.peer(ann).video[0].repairs_sent, 0);
    assert!(world.peer(bob).video_slots().next().unwrap().skips == 0);
    assert!(seen(&world, bob).len() > 320);
}

#[test]
fn after_a_blackout_a_key_frame_brings_the_picture_back() {
    let (mut world, ann, bob) = meet(22, Conditions::default(), Conditions::default());
    world.run_for(secs(1));
    world.network.up(ann).partitioned = true;
    world.run_for(secs(5));
    let (before, asked) = (
        seen(&world, bob).len(),
        world.peer(ann).video[0].encoder.key_frames,
    );
    world.network.up(ann).partitioned = false;
    world.run_for(secs(2));
    let after = seen_since(&world, bob, before);
    assert!(after > 50, "{after} frames in two seconds");
    assert!(world.peer(ann).video[0].encoder.key_frames > asked);
    world.assert_sound();
}

#[test]
fn sound_without_a_repair_stream_is_not_asked_for_again() {
    let mut world = World::new(25);
    let ann = world.join(PeerConfig {
        camera: 0,
        ..PeerConfig::publisher(1)
    });
    let bob = world.join(PeerConfig::viewer(2));
    world.run_for(secs(1));
    world.set_conditions(ann, lossy(100));
    world.run_for(secs(10));
    assert_eq!(world.shard.counters.repairs_requested, 0);
    let heard = world.peer(bob).audio_slots().next().unwrap().heard.len();
    assert!((450..540).contains(&heard), "{heard} packets");
    world.assert_sound();
}

#[test]
fn a_report_names_what_was_lost() {
    let (mut world, ann, _) = meet(23, lossy(200), Conditions::default());
    world.run_for(secs(10));
    let lost = world.peer(ann).audio.as_ref().unwrap().fraction_lost;
    assert!(
        (10..=110).contains(&lost),
        "{lost}/256 of audio are a fifth, about"
    );
}
