//! Packets of one frame leave at one length, so that they fit one train (UDP GSO): those that are a
//! byte shorter are padded, once for all viewers and for every repeat.

use std::collections::HashMap;

use sfu_proto::packet::{Protocol, protocol};
use sfu_proto::rtp::Header;
use sfu_proto::srtp::Inbound;
use system_tests::peer::media::VIDEO_BYTES;
use system_tests::{PeerConfig, PeerId, World};

use crate::{lossy, ms, secs, seen};

/// One packet as a viewer opens it.
#[derive(Debug, PartialEq, Eq)]
struct Opened {
    header: Header,
    payload: Vec<u8>,
    padding: usize,
    sealed: Vec<u8>,
}

/// A meeting of two, and all media that the viewer was sent.
fn watch(pads: bool, rtx: bool, seed: u64) -> (World, Vec<Opened>) {
    let mut world = World::configured(seed, |config| config.pads_packets = pads);
    world.join(PeerConfig::publisher(1));
    let viewer = world.join(PeerConfig {
        video_slots: 1,
        rtx,
        ..PeerConfig::viewer(2)
    });
    world.watch(viewer, &[(1, 720)]);
    world.sent = Some(Vec::new());
    if !rtx {
        world.run_for(secs(1));
        world.set_conditions(viewer, lossy(100));
    }
    world.run_for(secs(5));
    world.assert_sound();
    assert!(seen(&world, viewer).len() > 100);
    let opened = opened(&mut world, viewer);
    (world, opened)
}

fn opened(world: &mut World, viewer: PeerId) -> Vec<Opened> {
    let keying = world.peer(viewer).keying.clone();
    let sent = world.sent.take().expect("it was recorded");
    let media = sent
        .into_iter()
        .filter(|(to, bytes)| *to == viewer && protocol(bytes) == Ok(Protocol::Rtp));
    media
        .map(|(_, sealed)| {
            // Each by itself: repeats are no replays here.
            let mut inbound = Inbound::new(keying.profile, &keying.server);
            let mut bytes = sealed.clone();
            let packet = inbound
                .unprotect_rtp(&mut bytes)
                .expect("the first round of numbers");
            Opened {
                header: packet.header().clone(),
                payload: packet.payload().to_vec(),
                padding: packet.padding_len(),
                sealed,
            }
        })
        .collect()
}

fn is_video(packet: &Opened) -> bool {
    packet.payload.len() >= VIDEO_BYTES
}

/// Lengths of each frame's packets, as they left.
fn frames(sent: &[Opened]) -> Vec<Vec<usize>> {
    let mut frames: HashMap<_, Vec<usize>> = HashMap::new();
    for packet in sent.iter().filter(|packet| is_video(packet)) {
        let frame = (packet.header.ssrc, packet.header.timestamp);
        frames.entry(frame).or_default().push(packet.sealed.len());
    }
    frames
        .into_values()
        .filter(|frame| frame.len() > 1)
        .collect()
}

/// As `sfu-uring` cuts them: all of one length, the last may be shorter.
fn trains(frame: &[usize]) -> usize {
    let mut trains = 0;
    let mut rest = frame;
    while let Some((first, others)) = rest.split_first() {
        trains += 1;
        let alike = others.iter().take_while(|len| *len == first).count();
        let shorter = others.get(alike).is_some_and(|len| len < first);
        rest = &others[alike + usize::from(shorter)..];
    }
    trains
}

#[test]
fn a_frame_of_two_lengths_leaves_as_one_train() {
    let (_, padded) = watch(true, true, 301);
    let frames_padded = frames(&padded);
    assert!(frames_padded.len() > 100);
    assert!(frames_padded.iter().all(|frame| trains(frame) == 1));
    assert!(padded.iter().any(|packet| packet.padding == 1));

    let (_, plain) = watch(false, true, 301);
    let frames_plain = frames(&plain);
    assert_eq!(frames_plain.len(), frames_padded.len());
    assert!(frames_plain.iter().all(|frame| trains(frame) == 2));
    assert!(plain.iter().all(|packet| packet.padding == 0));
}

#[test]
fn padding_changes_nothing_but_the_padding() {
    let (_, padded) = watch(true, true, 302);
    let (_, plain) = watch(false, true, 302);
    assert_eq!(padded.len(), plain.len());
    for (padded, plain) in padded.iter().zip(&plain) {
        assert_eq!(padded.payload, plain.payload);
        if padded.padding == 0 {
            assert_eq!(padded.sealed, plain.sealed);
        } else {
            assert!(is_video(padded) && padded.padding == 1);
            assert_eq!(padded.sealed.len(), plain.sealed.len() + 1);
            let with_padding = Header {
                has_padding: true,
                ..plain.header.clone()
            };
            assert_eq!(padded.header, with_padding);
        }
    }
}

#[test]
fn a_padded_packet_is_repeated_as_it_was() {
    let (world, sent) = watch(true, false, 303);
    let mut times: HashMap<_, usize> = HashMap::new();
    for packet in sent.iter().filter(|packet| packet.padding == 1) {
        *times.entry(&packet.sealed).or_default() += 1;
    }
    let repeated = times.values().filter(|times| **times > 1).count();
    assert!(
        repeated > 5,
        "{repeated} of {} repeats",
        world.audit.repeated
    );
}

#[test]
fn a_frame_that_comes_in_disorder_keeps_its_nonces() {
    let mut world = World::new(304);
    let ann = world.join(PeerConfig::publisher(1));
    let viewers: Vec<_> = [2, 3]
        .into_iter()
        .map(|who| {
            world.join(PeerConfig {
                rtx: false,
                ..PeerConfig::viewer(who)
            })
        })
        .collect();
    world.network.up(ann).jitter = ms(12);
    world.network.up(ann).loss_per_mille = 50;
    viewers
        .iter()
        .for_each(|viewer| world.set_conditions(*viewer, lossy(50)));
    world.run_for(secs(20));
    world.assert_sound();
    assert!(world.audit.repeated > 50, "{}", world.audit.repeated);
}
