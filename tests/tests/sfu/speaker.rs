//! Who is heard: the loudest, for as long as they speak and a little longer.

use sfu_proto::control::Report;
use sfu_proto::ids::ParticipantId;
use system_tests::{PeerConfig, PeerId, World};

use crate::{ms, secs};

/// The voices that the peer heard since `since` packets ago in each slot.
fn voices(world: &World, peer: PeerId, span: core::time::Duration) -> Vec<u32> {
    let from = world.now() - span;
    let mut voices: Vec<_> = world
        .peer(peer)
        .audio_slots()
        .flat_map(|slot| &slot.heard)
        .filter(|heard| heard.at >= from)
        .map(|heard| heard.participant)
        .collect();
    voices.sort_unstable();
    voices.dedup();
    voices
}

fn five(seed: u64) -> (World, Vec<PeerId>) {
    let mut world = World::new(seed);
    let peers = (1..=5)
        .map(|who| {
            world.join(PeerConfig {
                level: 127,
                camera: 0,
                ..PeerConfig::caller(who)
            })
        })
        .collect();
    (world, peers)
}

#[test]
fn the_loudest_three_of_five_are_heard_and_nobody_hears_themselves() {
    let (mut world, peers) = five(80);
    for loud in [1, 3, 4] {
        world.peer_mut(peers[loud]).level = 25;
    }
    world.run_for(secs(3));
    assert_eq!(voices(&world, peers[0], ms(500)), [2, 4, 5]);
    assert_eq!(voices(&world, peers[2], ms(500)), [2, 4, 5]);
    let for_a_speaker = voices(&world, peers[1], ms(500));
    assert_eq!(
        for_a_speaker.len(),
        3,
        "one more than there are slots is ranked"
    );
    assert!(for_a_speaker.contains(&4) && for_a_speaker.contains(&5));
    assert!(!for_a_speaker.contains(&2), "nobody hears themselves");
    world.assert_sound();
}

#[test]
fn a_newcomer_is_heard_within_two_hundred_milliseconds_of_silence_around() {
    let (mut world, peers) = five(81);
    world.run_for(secs(2));
    world.peer_mut(peers[4]).level = 20;
    let took = world.run_until(secs(1), |world| {
        voices(world, peers[0], ms(25)).contains(&5)
    });
    assert!(took.is_some_and(|took| took < ms(250)), "{took:?}");
}

#[test]
fn a_pause_for_breath_does_not_cost_the_place() {
    let mut world = World::new(82);
    let peers: Vec<_> = (1..=3)
        .map(|who| {
            world.join(PeerConfig {
                level: 127,
                camera: 0,
                audio_slots: 1,
                ..PeerConfig::caller(who)
            })
        })
        .collect();
    world.peer_mut(peers[0]).level = 20;
    world.run_for(secs(2));
    world.peer_mut(peers[0]).level = 127;
    world.peer_mut(peers[1]).level = 20;
    world.run_for(ms(350));
    assert_eq!(voices(&world, peers[2], ms(30)), [1]);
    world.peer_mut(peers[0]).level = 20;
    world.run_for(secs(1));
    assert_eq!(
        voices(&world, peers[2], ms(30)),
        [1],
        "the hangover kept the place"
    );
    world.peer_mut(peers[0]).level = 127;
    world.run_for(secs(2));
    assert_eq!(voices(&world, peers[2], ms(30)), [2]);
    world.assert_sound();
}

#[test]
fn the_report_says_who_speaks() {
    let (mut world, peers) = five(83);
    world.peer_mut(peers[2]).level = 20;
    world.run_for(secs(2));
    let speaking = |world: &World| {
        let reports = world.reports.iter().rev();
        let mut speaking = reports.filter_map(|(_, report)| match report {
            Report::Speaking { participants, .. } => Some(participants.clone()),
            _ => None,
        });
        speaking.next().unwrap_or_default()
    };
    assert_eq!(speaking(&world), [ParticipantId(3)]);
    world.peer_mut(peers[2]).level = 127;
    world.run_for(secs(3));
    assert_eq!(speaking(&world), []);
}
