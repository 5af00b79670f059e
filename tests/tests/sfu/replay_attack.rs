//! Somebody recorded the wire and plays it again.

use core::net::SocketAddr;

use sfu_proto::dropped::Dropped;
use sfu_proto::packet::{Protocol, protocol};
use system_tests::{PeerConfig, PeerId, World};

use crate::{secs, seen, seen_since};

fn recorded(seconds: u64) -> (World, PeerId, PeerId, Vec<(SocketAddr, Vec<u8>)>) {
    let mut world = World::new(40);
    let ann = world.join(PeerConfig::caller(1));
    let bob = world.join(PeerConfig::caller(2));
    world.recording = Some(Vec::new());
    world.run_for(secs(seconds));
    let recording = world.recording.take().unwrap();
    (world, ann, bob, recording)
}

fn is_protocol(bytes: &[u8], wanted: Protocol) -> bool {
    protocol(bytes) == Ok(wanted)
}

#[test]
fn media_played_again_is_counted_and_goes_nowhere() {
    let (mut world, _, _, recording) = recorded(3);
    let media = |(_, bytes): &&(SocketAddr, Vec<u8>)| {
        is_protocol(bytes, Protocol::Rtp) || is_protocol(bytes, Protocol::Rtcp)
    };
    let forwarded = world.shard.counters.packets_forwarded;
    let received = world.shard.counters.packets_received;
    let mut played = 0;
    for (from, bytes) in recording.iter().filter(media) {
        world.deliver_now(*from, bytes);
        played += 1;
    }
    assert!(played > 500);
    let refused = [
        Dropped::SrtpReplayed,
        Dropped::SrtpTooOld,
        Dropped::SrtpBadTag,
    ];
    let refused: u64 = refused.iter().map(|why| world.dropped(*why)).sum();
    assert_eq!(refused, played);
    assert_eq!(world.shard.counters.packets_forwarded, forwarded);
    assert_eq!(world.shard.counters.packets_received, received);
    world.assert_sound();
}

#[test]
fn from_elsewhere_nothing_is_even_looked_at() {
    let (mut world, ann, bob, recording) = recorded(3);
    let attacker = world.new_address();
    let opened = world.shard.counters.packets_received;
    for (_, bytes) in &recording {
        world.deliver_now(attacker, bytes);
    }
    assert_eq!(world.shard.counters.packets_received, opened);
    let stun = recording
        .iter()
        .filter(|(_, b)| is_protocol(b, Protocol::Stun));
    assert_eq!(world.dropped(Dropped::StunReplayed), stun.count() as u64);
    let others = recording
        .iter()
        .filter(|(_, b)| !is_protocol(b, Protocol::Stun));
    assert_eq!(
        world.dropped(Dropped::UnknownAddress),
        others.count() as u64
    );

    // Nobody's address was taken over: both go on.
    for peer in [ann, bob] {
        let before = seen(&world, peer).len();
        world.run_for(secs(2));
        assert!(seen_since(&world, peer, before) > 55);
    }
    world.assert_sound();
}

#[test]
fn a_check_played_from_the_victims_neighbour_takes_nobody_over() {
    let (mut world, ann, bob, recording) = recorded(3);
    let (at_ann, at_bob) = (world.peer(ann).address, world.peer(bob).address);
    for (from, bytes) in &recording {
        if is_protocol(bytes, Protocol::Stun) {
            let other = if *from == at_ann { at_bob } else { at_ann };
            world.deliver_now(other, bytes);
        }
    }
    assert!(world.dropped(Dropped::StunAddressTaken) > 0);
    let before = [ann, bob].map(|peer| seen(&world, peer).len());
    world.run_for(secs(2));
    for (peer, before) in [ann, bob].into_iter().zip(before) {
        assert!(seen_since(&world, peer, before) > 55);
    }
    world.assert_sound();
}
