//! The real executable on loopback: joined over HTTP, ICE and DTLS, and a packet across.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu_proto::limits::SESSIONS_PER_MEETING_MAX;
use sfu_proto::srtp::{Inbound, Outbound, Profile};
use socket2::{Domain, Socket, Type};

use super::{Millrace, Options, read_metrics};
use crate::endpoint::{Endpoint, MediaKind, Slot, Source};
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

/// Seals and sends as the publisher.
struct Sender<'a> {
    publisher: &'a Endpoint,
    socket: UdpSocket,
    outbound: Outbound,
    sequence: u16,
}

impl<'a> Sender<'a> {
    fn new(publisher: &'a Endpoint) -> Self {
        Self {
            publisher,
            // So that it leaves from the publisher's address.
            socket: bound(publisher.local),
            outbound: Outbound::new(publisher.keys.profile, &publisher.keys.client),
            sequence: 0,
        }
    }

    fn send_key_frame(&mut self) {
        let sources = &self.publisher.sends;
        let is_video = |source: &&Source| source.kind == MediaKind::Video;
        let video = sources.iter().find(is_video).unwrap();
        self.sequence += 1;
        let mut packet = vec![0x80, 0x80 | video.payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend((u32::from(self.sequence) * 3_000).to_be_bytes());
        packet.extend(video.ssrc.to_be_bytes());
        packet.extend(KEY_FRAME);
        packet.resize(self.outbound.rtp_len(packet.len()), 0);
        let index = self.sequence.into();
        self.outbound.protect_rtp(12, index, &mut packet).unwrap();
        self.socket.send_to(&packet, self.publisher.remote).unwrap();
    }
}

/// Sends a key frame after the other until a packet of the viewer's video slot comes; gives its
/// payload.
fn one_packet_across(sender: &mut Sender<'_>, receiving: &UdpSocket, viewer: &Endpoint) -> Vec<u8> {
    let mut inbound = Inbound::new(viewer.keys.profile, &viewer.keys.server);
    let is_video = |slot: &&Slot| slot.kind == MediaKind::Video;
    let video = viewer.receives.iter().find(is_video).unwrap();
    let mut buffer = [0; 1_500];
    let end = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < end, "no packet has come across");
        sender.send_key_frame();
        let len = match receiving.recv(&mut buffer) {
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => panic!("{error}"),
        };
        // Those for others come here too, and STUN, and RTCP.
        if let Ok(opened) = inbound.unprotect_rtp(&mut buffer[..len]) {
            assert_eq!(opened.header().ssrc.0, video.ssrc);
            return opened.payload().to_vec();
        }
    }
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
    let mut sender = Sender::new(publisher);
    // As the load has it: one socket for all addresses, since the participants' own are gone.
    let receiving = bound((Ipv4Addr::UNSPECIFIED, network.participant_port()).into());
    for viewer in viewers {
        let payload = one_packet_across(&mut sender, &receiving, viewer);
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

/// `cargo test --release -p bench -- --ignored --nocapture a_full_room`
#[test]
#[ignore = "makes a network namespace, which needs root, and takes some seconds"]
fn a_full_room_joins_over_veth() {
    let mut room = Room {
        seats: vec![PUBLISHER],
    };
    room.seats.resize(SESSIONS_PER_MEETING_MAX, VIEWER);
    let network = Arc::new(Network::new(Kind::Veth, Some(1)).unwrap());
    let mut server = Millrace::start(&Options::default(), Arc::clone(&network)).unwrap();
    let joined = server.join(&[room]).unwrap();
    let cost = server.join_cost();
    eprintln!("{cost}");
    assert_eq!(cost.joined, SESSIONS_PER_MEETING_MAX);
    let mut sender = Sender::new(&joined[0][0]);
    for viewer in joined[0][1..].iter().step_by(50) {
        // Its own, since the others' packets would fill one for all.
        let receiving = bound(viewer.local);
        let payload = one_packet_across(&mut sender, &receiving, viewer);
        assert_eq!(payload, KEY_FRAME);
    }
    assert_eq!(
        server.counters().unwrap()["millrace_media_sessions"],
        SESSIONS_PER_MEETING_MAX as f64
    );
}
