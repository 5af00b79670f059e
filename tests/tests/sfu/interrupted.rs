//! A round of forwarding that is too long for one pass goes on in the next, and media comes in
//! between (`limits::SENT_PER_PASS_MAX`). What has left by then has its final form, and whoever has
//! had its turn does not get it again.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use sfu_proto::packet::{Protocol, protocol};
use sfu_proto::rtp::Header;
use sfu_proto::rtp::sequence::Widener;
use system_tests::{PeerConfig, PeerId, World};

use crate::{lossy, ms, secs};

const VIEWERS: u32 = 40;
/// Some viewers' share of a frame; a session's feedback fits.
const DATAGRAMS: usize = 33;

/// One publisher, and viewers without a repair stream: their repeats have the nonces of the first
/// sending.
fn meeting(seed: u64, jitter: Duration) -> (World, Vec<PeerId>) {
    let mut world = World::new(seed);
    let ann = world.join(PeerConfig::publisher(1));
    let viewers = (2..2 + VIEWERS)
        .map(|who| {
            world.join(PeerConfig {
                rtx: false,
                video_slots: 1,
                ..PeerConfig::viewer(who)
            })
        })
        .collect::<Vec<_>>();
    for viewer in &viewers {
        world.watch(*viewer, &[(1, 720)]);
    }
    world.network.up(ann).jitter = jitter;
    world.run_for(secs(3));
    world.send_at_most(DATAGRAMS);
    (world, viewers)
}

/// The numbers that each stream left under, once for each time.
fn numbers(sent: &[(PeerId, Vec<u8>)]) -> BTreeMap<(PeerId, u32), Vec<u64>> {
    let mut streams: BTreeMap<_, (Widener, Vec<u64>)> = BTreeMap::new();
    for (to, bytes) in sent {
        if protocol(bytes) == Ok(Protocol::Rtp) {
            let header = Header::parse(bytes).expect("the shard writes sound headers");
            let (widener, numbers) = streams.entry((*to, header.ssrc.0)).or_default();
            numbers.push(widener.widen(header.sequence));
        }
    }
    let numbers = |(stream, (_, numbers))| (stream, numbers);
    streams.into_iter().map(numbers).collect()
}

#[test]
fn nothing_is_sent_twice_and_nothing_is_left_out() {
    let (mut world, viewers) = meeting(310, Duration::ZERO);
    world.sent = Some(Vec::new());
    let interrupted = world.shard.counters.batch_full;
    world.run_for(secs(10));
    world.send_at_most(1_000);
    world.run_for(secs(1));
    let interrupted = world.shard.counters.batch_full - interrupted;
    assert!(interrupted > 500, "{interrupted} times");
    assert_eq!(world.audit.repeated, 0);
    world.assert_sound();

    let streams = numbers(&world.sent.take().expect("it was recorded"));
    assert_eq!(streams.len(), 2 * viewers.len(), "sound and picture");
    for (stream, numbers) in streams {
        let once: BTreeSet<_> = numbers.iter().copied().collect();
        assert_eq!(once.len(), numbers.len(), "{stream:?}");
        let (Some(first), Some(last)) = (once.first(), once.last()) else {
            panic!("{stream:?} is empty");
        };
        assert_eq!(last - first + 1, once.len() as u64, "{stream:?} has gaps");
    }
}

/// The core's latency is counted by what the shard says it has forwarded.
#[test]
fn what_came_is_said_to_be_forwarded_once_and_not_before_it_is() {
    let (mut world, _) = meeting(312, Duration::ZERO);
    world.send_at_most(1_000);
    world.run_for(secs(1));
    world.shard.forwarded().drain().for_each(drop);
    let received = world.shard.counters.packets_received;
    let interrupted = world.shard.counters.batch_full;
    world.send_at_most(DATAGRAMS);
    for _ in 0..2_000 {
        world.run_for(ms(1));
        let now = world.now();
        // Nothing from the future, nothing that has been said before.
        for (arrival, packets) in world.shard.forwarded().drain() {
            assert!(arrival <= now && now.since(arrival) < secs(1));
            assert!(packets > 0);
        }
    }
    assert!(world.shard.counters.batch_full > interrupted + 100);

    // From one rest to the next, each packet once.
    world.send_at_most(1_000);
    world.run_for(secs(1));
    world.shard.forwarded().drain().for_each(drop);
    let before = world.shard.counters.packets_received;
    assert!(before > received);
    world.send_at_most(DATAGRAMS);
    world.run_for(ms(500));
    world.send_at_most(1_000);
    world.run_for(ms(500));
    let said: u64 = world
        .shard
        .forwarded()
        .drain()
        .map(|(_, packets)| packets)
        .sum();
    assert_eq!(said, world.shard.counters.packets_received - before);
}

#[test]
fn what_has_left_is_never_padded_afterwards() {
    // Disorder cuts frames in two: a part has left when the rest comes.
    let (mut world, viewers) = meeting(311, ms(8));
    for viewer in &viewers {
        world.set_conditions(*viewer, lossy(80));
    }
    let interrupted = world.shard.counters.batch_full;
    world.run_for(secs(20));
    let interrupted = world.shard.counters.batch_full - interrupted;
    assert!(interrupted > 1_000, "{interrupted} times");
    // Each repeat has been held against what left first (`audit.rs`).
    assert!(world.audit.repeated > 200, "{}", world.audit.repeated);
    world.assert_sound();
}
