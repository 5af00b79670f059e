//! No (key, SSRC, index) is ever sealed twice with different bytes, SRTCP indices never repeat, and
//! first sequences lie below 2^15 (DESIGN D6). Every test here is audited so; this one makes it
//! hard: loss, reordering, copies, switches, mutes, moves, encoders that begin anew.

use sfu_proto::control::Source;
use sfu_proto::packet::SendBatch;
use sfu_proto::shard::HandshakeEvent;
use system_tests::{Conditions, PeerConfig, World};

use crate::{ms, secs};

#[test]
fn keys_that_come_twice_do_not_begin_the_counters_anew() {
    let mut world = World::new(165);
    let ann = world.join(PeerConfig::caller(1));
    world.join(PeerConfig::caller(2));
    world.run_for(secs(3));
    let peer = world.peer(ann);
    let (session, keys) = (peer.session, HandshakeEvent::Keys(peer.keying.clone()));
    let mut batch = SendBatch::new(0, 0);
    let now = world.now();
    world.shard.handle_handshake(now, session, keys, &mut batch);
    world.run_for(secs(3));
    world.assert_sound();
    assert_eq!(world.shard.counters.sessions_opened, 2);
}

#[test]
fn a_long_rough_meeting_never_uses_a_nonce_twice() {
    for seed in 160..164 {
        let mut world = World::new(seed);
        let rough = Conditions {
            jitter: ms(40),
            loss_per_mille: 60,
            duplicate_per_mille: 30,
            ..Conditions::default()
        };
        let peers: Vec<_> = (1..=5)
            .map(|who| {
                world.join(PeerConfig {
                    rtx: who % 2 == 0,
                    video_slots: 2,
                    screen: who == 5,
                    ..PeerConfig::caller(who)
                })
            })
            .collect();
        peers
            .iter()
            .for_each(|peer| world.set_conditions(*peer, rough));
        for _ in 0..60 {
            let peer = peers[world.chance.below(peers.len())];
            let other = u32::try_from(world.chance.below(5)).unwrap() + 1;
            match world.chance.below(6) {
                0 => world.watch(peer, &[(other, 180), (other % 5 + 1, 720)]),
                1 => {
                    world.mute(peer, Source::Camera, true);
                    world.run_for(ms(300));
                    world.mute(peer, Source::Camera, false);
                }
                2 => drop(world.move_peer(peer)),
                3 => {
                    let mut chance = world.chance.fork();
                    world.peer_mut(peer).video[0].renew(&mut chance);
                }
                4 => world.peer_mut(peer).level = 20,
                _ => world.peer_mut(peer).level = 127,
            }
            world.run_for(ms(500));
        }
        peers
            .iter()
            .for_each(|peer| world.set_conditions(*peer, Conditions::default()));
        world.run_for(secs(3));
        world.assert_sound();
        let (rtp, rtcp) = (world.audit.sealed_count(), world.audit.rtcp_count());
        assert!(rtp > 40_000 && rtcp > 3_000, "{rtp} RTP, {rtcp} RTCP");
        assert!(
            world.audit.repeated > 100,
            "{} repeats",
            world.audit.repeated
        );
        assert!(world.shard.counters.packets_resent > 1_000);
    }
}
