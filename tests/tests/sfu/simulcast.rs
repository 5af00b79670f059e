//! Three encodings of one camera: each viewer gets the one that fits.

use system_tests::{PeerConfig, PeerId, World};

use crate::{ms, secs, seen};

fn quality(world: &World, viewer: PeerId) -> u8 {
    seen(world, viewer).last().unwrap().quality
}

#[test]
fn the_height_of_the_picture_picks_the_encoding() {
    let mut world = World::new(100);
    world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.run_for(secs(2));
    assert_eq!(quality(&world, viewer), 2, "alone on the page it is large");
    for (height, expected) in [(180, 0), (360, 1), (720, 2), (90, 0), (1_080, 2)] {
        world.watch(viewer, &[(1, height)]);
        world.run_for(secs(1));
        assert_eq!(quality(&world, viewer), expected, "{height} pixels");
    }
    world.assert_sound();
}

#[test]
fn each_viewer_has_their_own() {
    let mut world = World::new(101);
    world.join(PeerConfig::publisher(1));
    let small = world.join(PeerConfig::viewer(2));
    let large = world.join(PeerConfig::viewer(3));
    world.watch(small, &[(1, 120)]);
    world.watch(large, &[(1, 720)]);
    world.run_for(secs(3));
    assert_eq!((quality(&world, small), quality(&world, large)), (0, 2));
    world.assert_sound();
}

#[test]
fn an_encoding_that_stops_falls_back_and_comes_back() {
    let mut world = World::new(102);
    let ann = world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.run_for(secs(2));
    world.peer_mut(ann).video[2].encoder.is_active = false;
    let took = world.run_until(secs(5), |world| quality(world, viewer) == 1);
    assert!(took.is_some_and(|took| took < ms(1_900)), "{took:?}");
    world.run_for(secs(1));
    world.peer_mut(ann).video[2].encoder.is_active = true;
    let took = world.run_until(secs(5), |world| quality(world, viewer) == 2);
    assert!(took.is_some_and(|took| took < ms(400)), "{took:?}");
    world.run_for(secs(1));
    world.assert_sound();
}

#[test]
fn nothing_is_asked_for_an_encoding_that_nobody_sees() {
    let mut world = World::new(104);
    let ann = world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.watch(viewer, &[(1, 180)]);
    world.run_for(secs(2));
    world.network.up(ann).loss_per_mille = 150;
    world.run_for(secs(20));
    world.network.up(ann).loss_per_mille = 0;
    world.run_for(secs(2));
    let asked = |quality: usize| {
        let sender = &world.peer(ann).video[quality];
        (sender.repairs_sent > 0, sender.key_frames_asked)
    };
    assert!(asked(0).0);
    assert_eq!((asked(1), asked(2)), ((false, 0), (false, 0)));
    world.assert_sound();
}

#[test]
fn an_encoder_that_begins_anew_under_another_source_goes_on() {
    let mut world = World::new(103);
    let ann = world.join(PeerConfig {
        camera: 1,
        ..PeerConfig::publisher(1)
    });
    let viewer = world.join(PeerConfig::viewer(2));
    // The last packets of the old source arrive after the first of the new.
    world.network.up(ann).jitter = ms(150);
    world.run_for(secs(2));
    for _ in 0..10 {
        let mut chance = world.chance.fork();
        world.peer_mut(ann).video[0].renew(&mut chance);
        let before = seen(&world, viewer).len();
        world.run_for(secs(2));
        let frames = seen(&world, viewer).len() - before;
        assert!(frames > 50, "{frames} frames in two seconds");
    }
    world.assert_sound();
}
