//! One slot, many sources: the viewer sees one unbroken stream.

use sfu_proto::control::Source;
use system_tests::{Conditions, PeerConfig, World};

use crate::{lossy, ms, secs, seen};

fn four_cameras(seed: u64) -> (World, system_tests::PeerId) {
    let mut world = World::new(seed);
    for who in 1..=4 {
        world.join(PeerConfig::publisher(who));
    }
    let viewer = world.join(PeerConfig {
        audio_slots: 1,
        video_slots: 1,
        ..PeerConfig::viewer(9)
    });
    world.run_for(secs(1));
    (world, viewer)
}

#[test]
fn numbers_run_on_over_every_switch() {
    let (mut world, viewer) = four_cameras(70);
    for round in 0..12 {
        world.watch(viewer, &[(1 + round % 4, 720)]);
        world.run_for(secs(1));
        let now = seen(&world, viewer).last().unwrap();
        assert_eq!(now.participant, 1 + round % 4);
        let reported = world.slots_reported(viewer);
        assert_eq!(reported[1], Some((1 + round % 4, Source::Camera)));
    }
    // The slot itself holds picture ids, TL0PICIDX, time and CSRC against what they should be.
    world.assert_sound();
    let slot = world.peer(viewer).video_slots().next().unwrap();
    assert!(slot.switches >= 11, "{} switches", slot.switches);
    assert_eq!(
        (slot.skips, slot.repaired),
        (0, 0),
        "and nothing is missing"
    );
    let frames = seen(&world, viewer);
    for pair in frames.windows(2) {
        let same = pair[0].participant == pair[1].participant && pair[0].quality == pair[1].quality;
        assert!(same || pair[1].is_key, "a switch is made at a key frame");
    }
    let longest = frames.windows(2).map(|pair| pair[1].at.since(pair[0].at));
    assert!(
        longest.max().unwrap() < ms(200),
        "the old picture stays until the new one comes"
    );
}

#[test]
fn switching_on_a_lossy_line_confuses_nobody() {
    for seed in 71..75 {
        let (mut world, viewer) = four_cameras(seed);
        world.set_conditions(viewer, lossy(80));
        for round in 0..40 {
            world.watch(
                viewer,
                &[(1 + round % 4, [720, 180, 360][round as usize % 3])],
            );
            world.run_for(ms(350));
        }
        world.set_conditions(viewer, lossy(0));
        world.run_for(secs(3));
        world.assert_sound();
        let slot = world.peer(viewer).video_slots().next().unwrap();
        assert!(
            slot.is_whole() && slot.switches > 20,
            "{} switches",
            slot.switches
        );
        assert!(slot.repaired > 10, "repairs reach back over switches");
    }
}

#[test]
fn a_key_frame_that_had_to_be_repaired_does_not_tear_the_clock() {
    for seed in 77..80 {
        let (mut world, viewer) = four_cameras(seed);
        for peer in world.peers().filter(|peer| *peer != viewer) {
            let far_and_lossy = Conditions {
                delay: ms(100),
                loss_per_mille: 200,
                ..Conditions::default()
            };
            world.set_conditions(peer, far_and_lossy);
        }
        for round in 0..15 {
            world.watch(viewer, &[(1 + round % 4, 720)]);
            world.run_for(ms(2_500));
        }
        // The slot holds the sender reports against the media.
        world.assert_sound();
        let slot = world.peer(viewer).video_slots().next().unwrap();
        assert!(slot.switches >= 12, "{} switches", slot.switches);
    }
}

#[test]
fn another_voice_begins_with_a_marker() {
    let (mut world, viewer) = four_cameras(76);
    for round in 0..8 {
        for (peer, who) in world.peers().zip(1..=4) {
            world.peer_mut(peer).level = if who == 1 + round % 4 { 20 } else { 127 };
        }
        world.run_for(secs(2));
        let slot = world.peer(viewer).audio_slots().next().unwrap();
        assert_eq!(slot.heard.last().unwrap().participant, 1 + round % 4);
    }
    // The slot holds marker, CSRC, sequence and time against what they should be.
    world.assert_sound();
    assert!(world.peer(viewer).audio_slots().next().unwrap().switches >= 7);
}
