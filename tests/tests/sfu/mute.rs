//! What the host has muted is not forwarded, whatever the browser sends.

use sfu_proto::control::Source;
use sfu_proto::dropped::Dropped;
use system_tests::{PeerConfig, World};

use crate::{ms, secs, seen, seen_since};

#[test]
fn a_muted_source_is_silent_and_comes_back() {
    let mut world = World::new(90);
    let ann = world.join(PeerConfig::publisher(1));
    let bob = world.join(PeerConfig::viewer(2));
    world.run_for(secs(3));
    world.mute(ann, Source::Camera, true);
    world.mute(ann, Source::Audio, true);
    world.run_for(ms(100)); // What was under way arrives.
    let heard = |world: &World| {
        world
            .peer(bob)
            .audio_slots()
            .map(|s| s.heard.len())
            .sum::<usize>()
    };
    let (frames, packets) = (seen(&world, bob).len(), heard(&world));
    world.run_for(secs(5));
    assert_eq!(
        (seen_since(&world, bob, frames), heard(&world)),
        (0, packets)
    );
    assert!(world.dropped(Dropped::Muted) > 1_000);
    assert_eq!(world.slots_reported(bob).iter().flatten().count(), 0);

    world.mute(ann, Source::Camera, false);
    world.mute(ann, Source::Audio, false);
    let took = world.run_until(secs(2), |world| {
        seen_since(world, bob, frames) > 0 && heard(world) > packets
    });
    assert!(took.is_some_and(|took| took < ms(250)), "{took:?}");
    world.run_for(secs(3));
    assert!(seen_since(&world, bob, frames) > 85);
    world.assert_sound();
}

#[test]
fn muting_is_no_loss_to_the_publisher() {
    let mut world = World::new(91);
    let ann = world.join(PeerConfig::publisher(1));
    world.join(PeerConfig::viewer(2));
    world.run_for(secs(3));
    world.mute(ann, Source::Camera, true);
    world.run_for(secs(5));
    world.mute(ann, Source::Camera, false);
    let peer = |world: &World| world.peer(ann).video.iter().map(|s| s.fraction_lost).max();
    let lost = world.run_until(secs(3), |world| peer(world) > Some(0));
    assert_eq!(
        lost, None,
        "a report of loss would cut the publisher's bit rate"
    );
    assert_eq!(world.shard.counters.repairs_requested, 0);
}

#[test]
fn one_muted_before_joining_is_muted_from_the_start() {
    let mut world = World::new(92);
    let command = sfu_proto::control::Command::Mute {
        participant: sfu_proto::ids::ParticipantId(1),
        source: Source::Audio,
        muted: true,
    };
    world.command(command);
    world.join(PeerConfig::publisher(1));
    let bob = world.join(PeerConfig::viewer(2));
    world.run_for(secs(3));
    assert!(
        world
            .peer(bob)
            .audio_slots()
            .all(|slot| slot.heard.is_empty())
    );
    assert!(seen(&world, bob).len() > 70);
    world.assert_sound();
}
