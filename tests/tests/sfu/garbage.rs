//! Anybody can send anything: it is dropped, counted by its reason, and never believed.

use sfu_proto::dropped::Dropped;
use sfu_proto::packet::{Protocol, protocol};
use system_tests::{PeerConfig, PeerId, World};

use crate::{secs, seen, seen_since};

fn meeting(seed: u64) -> (World, Vec<PeerId>) {
    let mut world = World::new(seed);
    let peers = (1..=2)
        .map(|who| world.join(PeerConfig::caller(who)))
        .collect();
    world.recording = Some(Vec::new());
    world.run_for(secs(3));
    (world, peers)
}

fn dropped_in_all(world: &World) -> u64 {
    Dropped::ALL.iter().map(|why| world.dropped(*why)).sum()
}

fn assert_unharmed(world: &mut World, peers: &[PeerId]) {
    let before: Vec<_> = peers.iter().map(|peer| seen(world, *peer).len()).collect();
    world.run_for(secs(2));
    for (peer, before) in peers.iter().zip(before) {
        assert!(seen_since(world, *peer, before) > 55);
    }
    world.assert_sound();
}

#[test]
fn random_bytes_from_anywhere() {
    let (mut world, peers) = meeting(170);
    let known = world.peer(peers[0]).address;
    let unknown = world.new_address();
    let before = dropped_in_all(&world);
    let received = world.shard.counters.packets_received;
    let count = 60_000;
    for n in 0..count {
        let len = world.chance.below(160);
        let mut bytes = world.chance.bytes(len);
        // Half of them look like one of our protocols, so that they get past the first byte.
        if n % 2 == 0 && len > 8 {
            bytes[0] = [0x80, 0x90, 0, 1][world.chance.below(4)];
            bytes[1] = [96, 111, 200, 205, 1][world.chance.below(5)];
            if bytes[0] < 2 {
                bytes[4..8].copy_from_slice(&0x2112_a442_u32.to_be_bytes());
            }
        }
        let is_dtls = protocol(&bytes) == Ok(Protocol::Dtls);
        let from = if n % 3 == 0 || is_dtls {
            unknown
        } else {
            known
        };
        world.deliver_now(from, &bytes);
    }
    assert_eq!(
        dropped_in_all(&world) - before,
        count,
        "each has its reason"
    );
    assert_eq!(world.shard.counters.packets_received, received);
    assert_unharmed(&mut world, &peers);
}

#[test]
fn true_datagrams_with_flipped_bits_or_cut_short() {
    let (mut world, peers) = meeting(171);
    let recording = world.recording.take().unwrap();
    let received = world.shard.counters.packets_received;
    let checks = world.shard.counters.checks_answered;
    let before = dropped_in_all(&world);
    let mut count = 0;
    while count < 60_000 {
        let (from, original) = &recording[world.chance.below(recording.len())];
        let mut bytes = original.clone();
        if world.chance.per_mille(500) {
            bytes.truncate(world.chance.below(bytes.len()));
        } else {
            for _ in 0..=world.chance.below(3) {
                let at = world.chance.below(bytes.len());
                bytes[at] ^= 1 << world.chance.below(8);
            }
        }
        // Two flips of one bit change nothing, and records go to the handshake thread unread.
        if bytes == *original || protocol(&bytes) == Ok(Protocol::Dtls) {
            continue;
        }
        count += 1;
        world.deliver_now(*from, &bytes);
    }
    assert_eq!(dropped_in_all(&world) - before, count);
    assert_eq!(world.shard.counters.packets_received, received);
    assert_eq!(world.shard.counters.checks_answered, checks);
    assert_unharmed(&mut world, &peers);
}

#[test]
fn records_from_an_address_without_a_check_reach_no_handshake() {
    let (mut world, peers) = meeting(172);
    let attacker = world.new_address();
    for _ in 0..1_000 {
        let mut bytes = vec![22, 0xfe, 0xfd];
        bytes.extend(world.chance.bytes(100));
        let refused = world.dropped(Dropped::UnknownAddress);
        world.deliver_now(attacker, &bytes);
        assert_eq!(world.dropped(Dropped::UnknownAddress), refused + 1);
    }
    assert_unharmed(&mut world, &peers);
}

#[test]
fn a_participant_who_sends_broken_feedback_hurts_nobody() {
    let (mut world, peers) = meeting(173);
    for _ in 0..5_000 {
        let len = 4 * (2 + world.chance.below(30));
        let mut plain = world.chance.bytes(len);
        plain[0] = 0x80 | plain[0] & 0x1f;
        plain[1] = [200, 201, 202, 203, 205, 206][world.chance.below(6)];
        plain[2..4].copy_from_slice(&u16::try_from(len / 4 - 1).unwrap().to_be_bytes());
        let peer = peers[world.chance.below(2)];
        let (from, sealed) = (
            world.peer(peer).address,
            world.peer_mut(peer).seal_rtcp(&plain),
        );
        world.deliver_now(from, &sealed);
    }
    assert_unharmed(&mut world, &peers);
}
