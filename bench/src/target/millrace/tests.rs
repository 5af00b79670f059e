//! The real executable on loopback: joined over HTTP, ICE and DTLS, and a packet across.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu_proto::srtp::{Inbound, Outbound, Profile};
use socket2::{Domain, Socket, Type};

use super::{Millrace, Options, read_metrics};
use crate::endpoint::{Endpoint, MediaKind};
use crate::lab::network::{Kind, Network};
use crate::target::{Room, Seat, Target as _};

const PUBLISHER: Seat = Seat {
    sends_audio: true,
    video_layers: 1,
    audio_slots: 0,
    video_slots: 0,
};
const VIEWER: Seat = Seat {
    sends_audio: false,
    video_layers: 0,
    audio_slots: 1,
    video_slots: 1,
};

/// Far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(5);

fn bound(address: SocketAddr) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.into()).unwrap();
    let wait = Some(Duration::from_millis(20));
    socket.set_read_timeout(wait).unwrap();
    socket.into()
}

/// RFC 7741 §4.2, §4.3: the first packet of a key frame, and a picture of 16 × 16.
const KEY_FRAME: [u8; 16] = [
    0x10, 0x50, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00, 1, 2, 3, 4, 5,
];

fn sealed(publisher: &Endpoint, outbound: &mut Outbound, sequence: u16) -> Vec<u8> {
    let video = publisher
        .sends
        .iter()
        .find(|source| source.kind == MediaKind::Video)
        .unwrap();
    let mut packet = vec![0x80, 0x80 | video.payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 3_000).to_be_bytes());
    packet.extend(video.ssrc.to_be_bytes());
    packet.extend(KEY_FRAME);
    packet.resize(outbound.rtp_len(packet.len()), 0);
    outbound
        .protect_rtp(12, sequence.into(), &mut packet)
        .unwrap();
    packet
}

/// Sends a key frame after the other until a packet of the viewer's video slot comes; gives its
/// payload.
fn one_packet_across(
    network: &Network,
    publisher: &Endpoint,
    outbound: &mut Outbound,
    first: u16,
    viewer: &Endpoint,
) -> Vec<u8> {
    // Bound to the publisher's address, so that it leaves from there.
    let sending = bound(publisher.local);
    // The load's one socket, for all addresses: the participants' own are gone.
    let receiving = bound((Ipv4Addr::UNSPECIFIED, network.participant_port()).into());
    let mut inbound = Inbound::new(viewer.keys.profile, &viewer.keys.server);
    let video = viewer
        .receives
        .iter()
        .find(|slot| slot.kind == MediaKind::Video)
        .unwrap();
    let mut buffer = [0; 1_500];
    let end = Instant::now() + PATIENCE;
    for sequence in first.. {
        assert!(Instant::now() < end, "no packet has come across");
        let packet = sealed(publisher, outbound, sequence);
        sending.send_to(&packet, publisher.remote).unwrap();
        let len = match receiving.recv(&mut buffer) {
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => panic!("{error}"),
        };
        // STUN answers and RTCP come here too.
        if let Ok(opened) = inbound.unprotect_rtp(&mut buffer[..len]) {
            assert_eq!(opened.header().ssrc.0, video.ssrc);
            return opened.payload().to_vec();
        }
    }
    unreachable!()
}

#[test]
fn three_viewers_get_what_a_publisher_seals() {
    let options = Options::default();
    if let Err(lacking) = options.program() {
        eprintln!("skipped: {lacking}");
        return;
    }
    let network = Arc::new(Network::new(Kind::Lo, None).unwrap());
    let mut server = Millrace::start(&options, Arc::clone(&network)).unwrap();
    let room = Room {
        seats: vec![PUBLISHER, VIEWER, VIEWER, VIEWER],
    };
    let joined = server.join(&[room]).unwrap();
    let [publisher, viewers @ ..] = joined[0].as_slice() else {
        panic!("nobody has joined")
    };
    assert_eq!(publisher.keys.profile, Profile::AeadAes128Gcm);
    assert_eq!((publisher.sends.len(), viewers.len()), (2, 3));
    let mut outbound = Outbound::new(publisher.keys.profile, &publisher.keys.client);
    for (viewer, first) in viewers.iter().zip((1..).step_by(1_000)) {
        let payload = one_packet_across(&network, publisher, &mut outbound, first, viewer);
        assert_eq!(payload, KEY_FRAME);
    }

    assert!(["io_uring", "mio"].contains(&server.driver().as_str()));
    let counters = server.counters().unwrap();
    assert_eq!(counters["millrace_media_sessions"], 4.0);
    assert_eq!(server.processes().len(), 1);
    // A second call goes on with fresh addresses.
    let room = Room {
        seats: vec![VIEWER],
    };
    let more = server.join(&[room]).unwrap();
    assert_ne!(more[0][0].local, publisher.local);
    assert!(server.join_cost().to_string().starts_with("1 joined"));
}

#[test]
fn metrics_are_read_as_prometheus_writes_them() {
    let text = "# HELP a x\n# TYPE a gauge\na 1\nb{c=\"d e\"} 2.5\nbroken\n";
    let read: Vec<_> = read_metrics(text).into_iter().collect();
    let expected = [("a".to_owned(), 1.0), ("b{c=\"d e\"}".to_owned(), 2.5)];
    assert_eq!(read, expected);
}
