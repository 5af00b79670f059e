//! Who comes late gets a picture at once, and the publisher is asked once.

use system_tests::{PeerConfig, World};

use crate::{ms, secs, seen};

#[test]
fn a_third_one_begins_with_a_key_frame() {
    let mut world = World::new(60);
    let ann = world.join(PeerConfig::caller(1));
    world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let key_frames = |world: &World| -> u32 {
        let senders = world.peer(ann).video.iter();
        senders.map(|sender| sender.encoder.key_frames).sum()
    };
    let before = key_frames(&world);
    let eve = world.join(PeerConfig::viewer(3));
    let took = world.run_until(secs(2), |world| {
        world
            .peer(eve)
            .video_slots()
            .filter(|slot| !slot.seen.is_empty())
            .count()
            == 2
    });
    assert!(took.is_some_and(|took| took < ms(450)), "{took:?}");
    assert!(seen(&world, eve)[0].is_key);
    world.run_for(secs(2));
    // Two who share the stage get the middle layer; Eve's coming changes nothing else.
    let asked = key_frames(&world) - before;
    assert!((1..=2).contains(&asked), "{asked} key frames");
    world.assert_sound();
}

#[test]
fn fifty_who_come_together_cost_one_key_frame() {
    let mut world = World::new(61);
    let ann = world.join(PeerConfig {
        camera: 1,
        ..PeerConfig::publisher(1)
    });
    world.run_for(secs(2));
    let before = world.peer(ann).video[0].key_frames_asked;
    let crowd: Vec<_> = (0..50)
        .map(|n| world.join(PeerConfig::viewer(100 + n)))
        .collect();
    world.run_for(secs(3));
    let asked = world.peer(ann).video[0].key_frames_asked - before;
    assert_eq!(asked, 1, "the publisher is asked once for all");
    for viewer in &crowd {
        let frames = seen(&world, *viewer);
        assert!(frames[0].is_key && frames.len() > 75, "{}", frames.len());
    }
    world.assert_sound();
}

#[test]
fn fifty_who_drip_in_cost_two_key_frames_a_second_at_most() {
    let mut world = World::new(62);
    let ann = world.join(PeerConfig {
        camera: 1,
        ..PeerConfig::publisher(1)
    });
    world.run_for(secs(2));
    let before = world.peer(ann).video[0].encoder.key_frames;
    for n in 0..50 {
        world.join(PeerConfig::viewer(100 + n));
        world.run_for(ms(100));
    }
    world.run_for(secs(1));
    let made = world.peer(ann).video[0].encoder.key_frames - before;
    assert!((8..=12).contains(&made), "{made} key frames in six seconds");
    world.assert_sound();
}
