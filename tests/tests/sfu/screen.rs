//! Somebody shows their screen.

use sfu_proto::control::Source;
use system_tests::{PeerConfig, World};

use crate::secs;

fn sharer(participant: u32) -> PeerConfig {
    PeerConfig {
        screen: true,
        ..PeerConfig::publisher(participant)
    }
}

#[test]
fn it_has_a_slot_of_its_own() {
    let mut world = World::new(210);
    world.join(sharer(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.run_for(secs(3));
    let screen = world.peer(viewer).screen_slots().next().unwrap();
    let camera = world.peer(viewer).video_slots().next().unwrap();
    assert!(screen.seen.len() > 75 && camera.seen.len() > 75);
    let shown = world.slots_reported(viewer);
    assert!(
        shown.contains(&Some((1, Source::Screen))) && shown.contains(&Some((1, Source::Camera)))
    );
    world.assert_sound();
}

#[test]
fn a_page_without_a_screen_slot_sees_it_before_any_camera() {
    let mut world = World::new(211);
    world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig {
        audio_slots: 0,
        video_slots: 1,
        screen_slots: 0,
        ..PeerConfig::viewer(9)
    });
    world.run_for(secs(1));
    assert_eq!(world.slots_reported(viewer), [Some((1, Source::Camera))]);
    let sharer = world.join(sharer(2));
    world.run_for(secs(1));
    assert_eq!(world.slots_reported(viewer), [Some((2, Source::Screen))]);

    // It ends without a word. A still screen is silent too, so it is believed for some seconds;
    // then the page goes back to the cameras.
    world
        .peer_mut(sharer)
        .video
        .last_mut()
        .unwrap()
        .encoder
        .is_active = false;
    world.run_for(secs(2));
    assert_eq!(world.slots_reported(viewer), [Some((2, Source::Screen))]);
    world.run_for(secs(5));
    let shown = world.slots_reported(viewer)[0].unwrap();
    assert_eq!(shown.1, Source::Camera);
    world.assert_sound();
}
