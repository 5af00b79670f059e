//! Two people meet.

use sfu_proto::control::SessionPhase;
use sfu_proto::srtp::Profile;
use system_tests::{PeerConfig, World};

use crate::{ms, secs};

#[test]
fn two_peers_see_and_hear_each_other_within_a_third_of_a_second() {
    for profile in Profile::PREFERENCE {
        let mut world = World::new(1);
        let ann = world.join(PeerConfig {
            profile,
            ..PeerConfig::caller(1)
        });
        let bob = world.join(PeerConfig::caller(2));
        let sees = |world: &World, who| {
            let peer: &system_tests::Peer = world.peer(who);
            let heard = peer.audio_slots().any(|slot| !slot.heard.is_empty());
            heard && peer.video_slots().any(|slot| !slot.seen.is_empty())
        };
        let took = world
            .run_until(secs(5), |world| sees(world, ann) && sees(world, bob))
            .expect("they meet");
        assert!(took < ms(350), "{profile:?}: first frame after {took:?}");
        assert_eq!(world.phase(ann), Some(SessionPhase::Open));

        world.run_for(secs(10));
        world.assert_sound();
        for (who, other) in [(ann, 2), (bob, 1)] {
            let peer = world.peer(who);
            let audio = peer.audio_slots().next().unwrap();
            assert!(audio.heard.len() > 450, "{} packets", audio.heard.len());
            assert!(audio.heard.iter().all(|heard| heard.participant == other));
            let video = peer.video_slots().next().unwrap();
            assert!(video.seen.len() > 270, "{} frames", video.seen.len());
            assert!(video.seen.iter().all(|seen| seen.participant == other));
            let reports: u64 = peer.slots.iter().map(|slot| slot.sender_reports).sum();
            assert!(reports >= 18, "{reports} sender reports");
        }
    }
}

#[test]
fn a_packet_spends_less_than_a_pass_in_the_forwarder() {
    let mut world = World::new(2);
    world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig::viewer(2));
    world.run_for(secs(3));
    let slot = world.peer(viewer).audio_slots().next().unwrap();
    let slowest = slot.heard.iter().map(|heard| heard.at.since(heard.sent));
    // Ten milliseconds each way, and the grain of the network.
    assert!(slowest.max().unwrap() <= ms(21));
}

#[test]
fn publishers_are_told_how_every_packet_arrived() {
    let mut world = World::new(3);
    let publisher = world.join(PeerConfig::publisher(1));
    world.join(PeerConfig::viewer(2));
    world.run_for(secs(10));
    let peer = world.peer(publisher);
    let unreported = peer.transport_cc_sent - peer.transport_cc_reported;
    assert!(
        unreported < 50,
        "{unreported} of {}",
        peer.transport_cc_sent
    );
    assert!(peer.video.iter().all(|sender| sender.is_acknowledged));
    assert_eq!(world.shard.counters.repairs_requested, 0);
    world.assert_sound();
}

#[test]
fn a_browser_that_never_checks_is_forgotten() {
    let mut world = World::new(4);
    let peer = world.join(PeerConfig::caller(1));
    world.peer_mut(peer).ice.is_silent = true;
    world.run_for(secs(31));
    let end = sfu_proto::control::SessionEnd::NeverConnected;
    assert_eq!(world.end_of(peer), Some(end));
    assert_eq!(world.shard.session_count(), 0);
}

#[test]
fn a_handshake_that_never_ends_is_given_up() {
    let mut world = World::new(5);
    world.handshakes_stall = true;
    let peer = world.join(PeerConfig::caller(1));
    world.run_for(secs(5));
    assert_eq!(world.phase(peer), Some(SessionPhase::Handshaking));
    world.run_for(secs(27));
    let end = sfu_proto::control::SessionEnd::HandshakeFailed;
    assert_eq!(world.end_of(peer), Some(end));
}
