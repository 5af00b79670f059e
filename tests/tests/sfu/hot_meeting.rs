//! A meeting with parts on two workers (DESIGN D3): to those in it, it is one meeting.

use sfu_proto::control::{Command, Outcome, Report, SessionEnd, Source};
use sfu_proto::dropped::Dropped;
use sfu_proto::ids::{MeetingId, ParticipantId};
use system_tests::peer::video::Seen;
use system_tests::{Conditions, PeerConfig, PeerId, World};

use crate::{lossy, ms, secs, seen, seen_since};

/// Ann publishes on the first worker; Bob watches there and Cem on the second.
fn three(seed: u64) -> (World, [PeerId; 3]) {
    let mut world = World::spread(seed, 2);
    let ann = world.join(PeerConfig::publisher(1));
    let bob = world.join(PeerConfig::viewer(2));
    let cem = world.join_at(1, PeerConfig::viewer(3));
    (world, [ann, bob, cem])
}

fn heard(world: &World, peer: PeerId) -> usize {
    let slots = world.peer(peer).audio_slots();
    slots.map(|slot| slot.heard.len()).sum()
}

/// Whom the peer hears now.
fn voices(world: &World, peer: PeerId) -> Vec<u32> {
    let from = world.now() - ms(100);
    let slots = world.peer(peer).audio_slots();
    let heard = slots.flat_map(|slot| &slot.heard);
    let mut voices: Vec<_> = heard
        .filter(|heard| heard.at >= from)
        .map(|heard| heard.participant)
        .collect();
    voices.sort_unstable();
    voices.dedup();
    voices
}

#[test]
fn viewers_on_both_workers_see_and_hear_the_same() {
    let (mut world, [_, bob, cem]) = three(200);
    world.run_for(secs(5));
    let frames = |peer| {
        let frame = |seen: &Seen| (seen.participant, seen.quality, seen.frame);
        seen(&world, peer).iter().map(frame).collect::<Vec<_>>()
    };
    let (here, there) = (frames(bob), frames(cem));
    assert!(there.len() > 135, "{} of {}", there.len(), here.len());
    assert!(here.ends_with(&there[there.len() - 130..]));
    assert!(heard(&world, cem) > 230);
    assert_eq!(world.slots_reported(bob), world.slots_reported(cem));
    world.assert_sound();
    // What nobody there watches is not handed over: of three layers, one.
    let handed = world.shard.counters.packets_handed_over;
    let received = world.shard.counters.packets_received;
    assert!(handed * 3 < received * 2, "{handed} of {received}");
    assert_eq!(world.at(1).counters.packets_taken_over, handed);
    assert_eq!(world.dropped(Dropped::HandoverFull), 0);
}

#[test]
fn a_latecomer_on_the_other_worker_sees_within_a_round_trip_to_the_publisher() {
    let (mut world, _) = three(201);
    world.run_for(secs(3));
    let late = world.join_at(1, PeerConfig::viewer(4));
    let took = world.run_until(secs(1), |world| !seen(world, late).is_empty());
    assert!(took.is_some_and(|took| took < ms(250)), "{took:?}");
    world.assert_sound();
}

#[test]
fn losses_to_a_viewer_are_repaired_where_it_lives() {
    let (mut world, [ann, _, cem]) = three(202);
    world.run_for(secs(1));
    world.set_conditions(ann, lossy(30));
    world.set_conditions(cem, lossy(50));
    world.run_for(secs(15));
    world.assert_sound();
    let (here, there) = (
        world.shard.counters.packets_resent,
        world.at(1).counters.packets_resent,
    );
    assert!(there > 50, "{there}");
    assert!(
        here * 20 < there,
        "{here} to Bob, who waits for Ann's repairs"
    );
    world.set_conditions(ann, Conditions::default());
    world.set_conditions(cem, Conditions::default());
    world.run_for(secs(2));
    let before = seen(&world, cem).len();
    world.run_for(secs(5));
    let after = seen_since(&world, cem, before);
    assert!((149..=151).contains(&after), "{after} frames in 5 s");
    world.assert_sound();
}

#[test]
fn a_key_frame_is_asked_for_through_the_ring_once_for_all() {
    let mut world = World::spread(203, 2);
    let ann = world.join(PeerConfig::publisher(1));
    let there: Vec<_> = (2..12)
        .map(|who| world.join_at(1, PeerConfig::viewer(who)))
        .collect();
    world.run_for(secs(3));
    let asked = world.shard.counters.keyframes_requested;
    assert!((1..=3).contains(&asked), "{asked} requests for ten viewers");
    assert_eq!(
        world.at(1).counters.keyframes_requested,
        0,
        "no publisher is there"
    );
    for peer in there {
        assert!(seen(&world, peer).len() > 70);
    }
    // The encoder begins anew: another source, and all go over to it.
    let mut chance = world.chance.fork();
    for sender in &mut world.peer_mut(ann).video {
        sender.renew(&mut chance);
    }
    world.run_for(secs(3));
    for peer in world.peers().skip(1) {
        let recent = world.now() - secs(1);
        let frames = seen(&world, peer).iter().filter(|seen| seen.at >= recent);
        assert!(frames.count() >= 29, "{peer:?}");
    }
    world.assert_sound();
}

#[test]
fn what_is_muted_stops_at_the_publishers_worker() {
    let (mut world, [ann, _, cem]) = three(204);
    world.run_for(secs(3));
    world.mute(ann, Source::Camera, true);
    world.mute(ann, Source::Audio, true);
    world.run_for(ms(100));
    let (frames, packets) = (seen(&world, cem).len(), heard(&world, cem));
    let handed = world.shard.counters.packets_handed_over;
    world.run_for(secs(5));
    assert_eq!(seen_since(&world, cem, frames), 0);
    assert_eq!(heard(&world, cem), packets);
    assert_eq!(world.shard.counters.packets_handed_over, handed);
    assert_eq!(world.slots_reported(cem).iter().flatten().count(), 0);
    world.mute(ann, Source::Camera, false);
    world.mute(ann, Source::Audio, false);
    let took = world.run_until(secs(2), |world| {
        seen_since(world, cem, frames) > 0 && heard(world, cem) > packets
    });
    assert!(took.is_some_and(|took| took < ms(300)), "{took:?}");
    world.assert_sound();
}

#[test]
fn who_leaves_is_gone_for_all_and_what_is_live_is_reported_once() {
    let (mut world, [ann, bob, cem]) = three(205);
    world.run_for(secs(3));
    world.close(ann);
    let took = world.run_until(secs(1), |world| {
        world.slots_reported(cem).iter().flatten().count() == 0
    });
    assert!(took.is_some_and(|took| took < ms(50)), "{took:?}");
    world.run_for(secs(1));
    assert_eq!(world.slots_reported(bob), world.slots_reported(cem));
    let published = |is_live: bool| {
        let reports = world.reports.iter().filter(
            |(_, report)| matches!(report, Report::Published { live, .. } if *live == is_live),
        );
        reports.count()
    };
    assert_eq!(
        (published(true), published(false)),
        (2, 2),
        "camera and voice"
    );
    world.assert_sound();
}

#[test]
fn a_reload_takes_over_for_viewers_on_the_other_worker_too() {
    let (mut world, [ann, _, cem]) = three(206);
    world.run_for(secs(3));
    let before = seen(&world, cem).len();
    world.join(PeerConfig::publisher(1));
    world.run_for(secs(3));
    assert_eq!(world.end_of(ann), Some(SessionEnd::TakenOver));
    assert!(seen_since(&world, cem, before) > 80);
    world.assert_sound();
}

#[test]
fn the_end_of_the_meeting_is_the_end_of_every_part() {
    let (mut world, peers) = three(207);
    world.run_for(secs(2));
    assert_eq!(world.command(Command::CloseMeeting), Outcome::Done);
    for peer in peers {
        assert_eq!(world.end_of(peer), Some(SessionEnd::Ordered));
    }
    assert!(world.at(1).snapshot().is_empty());
    world.run_for(secs(2));
    world.assert_sound();
}

#[test]
fn a_voice_on_the_other_worker_is_heard_in_place_of_a_quieter_one() {
    let mut world = World::spread(208, 2);
    let quiet = |who| PeerConfig {
        level: 127,
        camera: 0,
        audio_slots: 1,
        ..PeerConfig::caller(who)
    };
    let here: Vec<_> = [1, 2].map(|who| world.join(quiet(who))).into();
    let there: Vec<_> = [3, 4].map(|who| world.join_at(1, quiet(who))).into();
    world.peer_mut(here[0]).level = 20;
    world.run_for(secs(2));
    for peer in [here[1], there[0], there[1]] {
        assert_eq!(voices(&world, peer), [1]);
    }
    world.peer_mut(here[0]).level = 127;
    world.peer_mut(there[1]).level = 20;
    world.run_for(secs(1));
    for peer in [here[0], here[1], there[0]] {
        assert_eq!(voices(&world, peer), [4]);
    }
    let speaking: Vec<_> = world
        .reports
        .iter()
        .filter_map(|(_, report)| match report {
            Report::Speaking { participants, .. } => Some(participants.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(speaking.last(), Some(&vec![ParticipantId(4)]));
    assert!(
        speaking.windows(2).all(|pair| pair[0] != pair[1]),
        "each once"
    );
    world.assert_sound();
}

#[test]
fn a_full_ring_drops_and_counts_and_a_key_frame_mends_the_picture() {
    let (mut world, [_, bob, cem]) = three(209);
    world.run_for(secs(2));
    world.lanes.room = 1;
    world.run_for(ms(400));
    world.lanes.room = 1_024;
    assert!(world.dropped(Dropped::HandoverFull) > 20);
    world.run_for(secs(2));
    let before = [bob, cem].map(|peer| seen(&world, peer).len());
    world.run_for(secs(3));
    for (peer, before) in [bob, cem].into_iter().zip(before) {
        let frames = seen_since(&world, peer, before);
        assert!((89..=91).contains(&frames), "{peer:?}: {frames} in 3 s");
    }
    world.assert_sound();
}

#[test]
fn a_part_that_falls_silent_is_forgotten_and_comes_back() {
    let (mut world, [_, bob, cem]) = three(210);
    world.run_for(secs(2));
    world.lanes.room = 0;
    world.run_for(secs(5));
    assert_eq!(world.slots_reported(cem).iter().flatten().count(), 0);
    assert_eq!(world.slots_reported(bob).iter().flatten().count(), 2);
    world.lanes.room = 1_024;
    let frames = seen(&world, cem).len();
    let took = world.run_until(secs(3), |world| seen_since(world, cem, frames) > 0);
    assert!(took.is_some_and(|took| took < ms(1_400)), "{took:?}");
    world.assert_sound();
}

/// The word that two have left is lost, and what they published had the numbers of Dan's layers.
#[test]
fn numbers_that_come_again_name_whoever_has_them_now() {
    let mut world = World::spread(213, 2);
    let silent = |who, camera| PeerConfig {
        audio: false,
        camera,
        ..PeerConfig::publisher(who)
    };
    let former = [(1, 3), (2, 1)].map(|(who, camera)| world.join(silent(who, camera)));
    let cem = world.join_at(1, PeerConfig::viewer(3));
    world.run_for(secs(2));
    world.lanes.room = 0;
    former.into_iter().for_each(|peer| world.close(peer));
    world.run_for(ms(100));
    world.lanes.room = 1_024;
    world.join(silent(4, 3));
    world.run_for(secs(6));
    let before = seen(&world, cem).len();
    world.run_for(secs(3));
    assert!((89..=91).contains(&seen_since(&world, cem, before)));
    let mut shown = seen(&world, cem)[before..].iter();
    assert!(shown.all(|seen| seen.participant == 4));
    assert_eq!(world.slots_reported(cem).iter().flatten().count(), 1);
    world.assert_sound();
}

#[test]
fn what_no_part_says_is_dropped_and_counted() {
    let mut world = World::spread(211, 2);
    world.join(PeerConfig::caller(1));
    world.run_for(secs(1));
    let now = world.now();
    let mut wish = vec![4, 3, 0, 0, 0xff, 0xff, 0xff, 0xff];
    wish.extend(MeetingId(1).0.to_be_bytes());
    wish.extend([0, 0, 0, 1]);
    world.shard.handle_handover(now, 1, &wish);
    assert_eq!(world.dropped(Dropped::HandoverUnknown), 1, "no such layer");
    wish[23] = 9;
    world.shard.handle_handover(now, 1, &wish);
    assert_eq!(
        world.dropped(Dropped::HandoverUnknown),
        2,
        "no such meeting"
    );
    world.shard.handle_handover(now, 1, &wish[..23]);
    assert_eq!(world.dropped(Dropped::Truncated), 1);
    world.run_for(secs(1));
    world.assert_sound();
}

#[test]
fn a_rough_meeting_over_three_workers_never_uses_a_nonce_twice() {
    let mut world = World::spread(212, 3);
    let rough = Conditions {
        jitter: ms(40),
        loss_per_mille: 60,
        duplicate_per_mille: 30,
        ..Conditions::default()
    };
    let peers: Vec<_> = (0..6)
        .map(|index| {
            let who = u32::try_from(index).unwrap() + 1;
            let config = PeerConfig {
                rtx: who % 2 == 0,
                video_slots: 2,
                ..PeerConfig::caller(who)
            };
            let peer = world.join_at(index % 3, config);
            world.set_conditions(peer, rough);
            peer
        })
        .collect();
    for round in 0..40 {
        let peer = peers[world.chance.below(peers.len())];
        match world.chance.below(5) {
            0 => world.watch(peer, &[(1, 180), (2, 720)]),
            1 => {
                world.mute(peer, Source::Camera, true);
                world.run_for(ms(300));
                world.mute(peer, Source::Camera, false);
            }
            2 => {
                let mut chance = world.chance.fork();
                world.peer_mut(peer).video[0].renew(&mut chance);
            }
            3 => world.peer_mut(peer).level = 20,
            _ => world.peer_mut(peer).level = 127,
        }
        world.lanes.room = if round % 4 == 0 { 2 } else { 1_024 };
        world.run_for(ms(500));
    }
    for peer in peers {
        world.set_conditions(peer, Conditions::default());
    }
    world.run_for(secs(3));
    world.assert_sound();
    let (rtp, repeated) = (world.audit.sealed_count(), world.audit.repeated);
    assert!(
        rtp > 30_000 && repeated > 100,
        "{rtp} RTP, {repeated} repeats"
    );
    assert!((0..3).all(|worker| world.at(worker).counters.packets_taken_over > 1_000));
}
