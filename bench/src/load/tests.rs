//! The whole load against a forwarder of a few lines, on loopback: what it counts is what was done.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sfu_proto::srtp::{Inbound, KeyingMaterial, Outbound, Profile};

use super::*;
use crate::endpoint::{Endpoint, MediaKind, Slot, Source};

const VIEWERS: u8 = 5;
const PUBLISHED_SSRC: u32 = 7_000;
const SLOT_SSRC: u32 = 9_000;
const SHAPE: Shape = Shape {
    rate: 100.0,
    packets: 4,
    bytes: 700,
};

/// What the forwarder does wrong, by the sequence it sends.
type Fault = fn(u16) -> Deed;

enum Deed {
    Forward,
    Drop,
    /// Behind a valid tag: only the pattern tells.
    FlipBit,
    Repeat,
}

fn keys(number: u8) -> KeyingMaterial {
    let profile = Profile::AeadAes128Gcm;
    KeyingMaterial::from_exporter(profile, &[number; 56]).unwrap()
}

/// Forwards what participant 0 sends to all others, until told to stop.
struct Forwarder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
}

impl Forwarder {
    fn start(participants: Vec<SocketAddr>, fault: Fault) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || forward(&socket, &participants, fault, &stopped));
        Self {
            stop,
            thread: Some(thread),
            address,
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn forward(socket: &UdpSocket, participants: &[SocketAddr], fault: Fault, stop: &AtomicBool) {
    let mut inbound = Inbound::new(Profile::AeadAes128Gcm, &keys(0).client);
    let mut viewers: Vec<_> = (1..)
        .zip(&participants[1..])
        .map(|(number, address)| {
            (
                address,
                Outbound::new(Profile::AeadAes128Gcm, &keys(number).server),
            )
        })
        .collect();
    let mut buffer = [0; 2_000];
    while !stop.load(Relaxed) {
        let Ok((len, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        assert_eq!(from, participants[0]);
        let opened = inbound.unprotect_rtp(&mut buffer[..len]).unwrap();
        let header = opened.header().clone();
        let mut packet = opened.packet().to_vec();
        packet[8..12].copy_from_slice(&SLOT_SSRC.to_be_bytes());
        let deed = fault(header.sequence);
        if matches!(deed, Deed::Drop) {
            continue;
        }
        if matches!(deed, Deed::FlipBit) {
            *packet.last_mut().unwrap() ^= 0x10;
        }
        packet.resize(packet.len() + 16, 0);
        for (address, outbound) in &mut viewers {
            let mut sealed = packet.clone();
            outbound
                .protect_rtp(header.len, header.sequence.into(), &mut sealed)
                .unwrap();
            socket.send_to(&sealed, **address).unwrap();
            if matches!(deed, Deed::Repeat) {
                socket.send_to(&sealed, **address).unwrap();
            }
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    probe.local_addr().unwrap().port()
}

fn run(kind: MediaKind, receives_trains: bool, fault: Fault) -> Tally {
    let port = free_port();
    let addresses: Vec<SocketAddr> = (0..=VIEWERS)
        .map(|last| (Ipv4Addr::new(127, 9, 0, last + 1), port).into())
        .collect();
    let forwarder = Forwarder::start(addresses.clone(), fault);
    let participants = (0..)
        .zip(&addresses)
        .map(|(number, local)| {
            let source = Source {
                kind,
                ssrc: PUBLISHED_SSRC,
                payload_type: 96,
                mid: Some((4, "0".to_owned())),
                rid: None,
                audio_level: None,
                transport_cc: Some(3),
            };
            let slot = Slot {
                kind,
                ssrc: SLOT_SSRC,
                payload_type: 96,
            };
            let is_publisher = number == 0;
            let endpoint = Endpoint {
                local: *local,
                remote: forwarder.address,
                keys: keys(number),
                ice: None,
                sends: is_publisher.then_some(source).into_iter().collect(),
                receives: (!is_publisher).then_some(slot).into_iter().collect(),
            };
            let shapes = vec![SHAPE; endpoint.sends.len()];
            (endpoint, shapes)
        })
        .collect();
    let options = LoadOptions {
        cpu: None,
        receives_trains,
        sends_trains: true,
        opened_one_in: 4,
    };
    let mut engine = Engine::start(participants, options).unwrap();
    engine.begin_window(1.0).unwrap();
    while engine.progress().sent.packets < 400 {
        thread::sleep(Duration::from_millis(20));
    }
    engine.pause().unwrap();
    engine.tally().unwrap()
}

#[test]
fn an_honest_forwarder_loses_nothing() {
    for (kind, receives_trains) in [(MediaKind::Video, true), (MediaKind::Audio, false)] {
        let tally = run(kind, receives_trains, |_| Deed::Forward);
        let received = &tally.received;
        assert!(tally.sent.packets >= 400 && tally.sent.refused == 0);
        assert_eq!(received.packets, tally.sent.packets * u64::from(VIEWERS));
        assert_eq!(
            (received.lost, received.duplicates, received.corrupt),
            (0, 0, 0)
        );
        assert_eq!(
            (received.streams, received.viewers),
            (VIEWERS.into(), VIEWERS.into())
        );
        let share = received.packets / 4;
        assert!(received.opened > share / 2 && received.opened < 2 * share);
        let latency = received.latency.unwrap();
        assert!(latency.p50 > 1.0 && latency.p50 <= latency.p99);
        // The tag is gone, the header as long as before.
        assert_eq!(received.bytes, tally.sent.bytes * u64::from(VIEWERS));
    }
}

#[test]
fn what_the_forwarder_loses_is_counted_lost() {
    let tally = run(MediaKind::Video, true, |sequence| match sequence % 10 {
        3 => Deed::Drop,
        _ => Deed::Forward,
    });
    let received = &tally.received;
    let missing = tally.sent.packets * u64::from(VIEWERS) - received.packets;
    assert!(missing > 0);
    // Losses at the very end show in no sequence.
    assert!(
        missing - received.lost <= u64::from(VIEWERS),
        "{missing} {received:?}"
    );
}

#[test]
fn what_the_forwarder_spoils_is_corrupt() {
    let tally = run(MediaKind::Video, true, |_| Deed::FlipBit);
    assert!(tally.received.opened > 0);
    assert_eq!(tally.received.corrupt, tally.received.opened);
}

#[test]
fn what_comes_twice_is_no_packet_more() {
    let tally = run(MediaKind::Video, false, |sequence| match sequence % 2 {
        0 => Deed::Repeat,
        _ => Deed::Forward,
    });
    let received = &tally.received;
    assert_eq!(received.packets, tally.sent.packets * u64::from(VIEWERS));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    assert!(received.duplicates * 2 >= received.packets - u64::from(VIEWERS));
}
