//! One camera and many viewers on one shard, frame by frame: ten packets of 1,100 bytes, thirty
//! frames a second. Time is the rig's; checks, feedback and reports happen between two frames.

use core::time::Duration;
use std::collections::HashMap;

use sfu_proto::ids::MeetingId;
use sfu_proto::rtp::Vp8Descriptor;
use sfu_proto::srtp::{Inbound, Outbound};
use system_tests::PeerConfig;
use system_tests::rig::{Flow, Joined, Rig, Source};

pub(crate) const VIEWERS: [u32; 3] = [10, 100, 1_000];

const CAMERA: Flow = Flow {
    interval: Duration::from_nanos(33_333_333),
    packets: 10,
    payload: 1_100,
};

/// Until each slot has been assigned and has seen a key frame.
const WARM_UP_FRAMES: usize = 120;

pub(crate) struct Webinar {
    pub(crate) rig: Rig,
    publisher: Joined,
    keys: Outbound,
    source: Source,
    transport_cc: u16,
    frame: Vec<Vec<u8>>,
    viewers: Vec<Joined>,
}

impl Webinar {
    /// It is open when a frame has reached everybody, rewritten and sealed as it should be.
    pub(crate) fn open(viewers: u32) -> Self {
        let mut rig = Rig::default();
        let meeting = MeetingId(1);
        rig.open_meeting(meeting);
        let publisher = PeerConfig {
            audio: false,
            camera: 1,
            ..PeerConfig::publisher(1)
        };
        let publisher = rig.join(meeting, &publisher);
        let viewer = |participant| PeerConfig {
            audio_slots: 0,
            video_slots: 1,
            screen_slots: 0,
            ..PeerConfig::viewer(participant)
        };
        let mut webinar = Self {
            keys: Outbound::new(publisher.keying.profile, &publisher.keying.client),
            source: Source::new(CAMERA, false, 0, rig.now, &mut rig.chance),
            transport_cc: 0,
            frame: Vec::new(),
            viewers: (2..2 + viewers)
                .map(|participant| rig.join(meeting, &viewer(participant)))
                .collect(),
            publisher,
            rig,
        };
        for _ in 0..WARM_UP_FRAMES {
            webinar.next_frame();
            webinar.receive();
            webinar.rig.forward(|_| {});
        }
        webinar.prove();
        webinar
    }

    /// Packets that a frame becomes on the way out.
    pub(crate) fn packets_out(&self) -> u64 {
        u64::from(CAMERA.packets) * self.viewers.len() as u64
    }

    /// On to the time of the next frame, which is sealed and waits to be received.
    pub(crate) fn next_frame(&mut self) {
        self.rig.now = self.source.next();
        for joined in self.viewers.iter_mut().chain([&mut self.publisher]) {
            self.rig.check(joined);
        }
        self.rig.handle_timeout();
        self.rig.batch.clear();
        self.frame.clear();
        self.source
            .send(&mut self.transport_cc, &mut self.keys, |packet| {
                self.frame.push(packet);
            });
    }

    pub(crate) fn receive(&mut self) {
        for packet in &mut self.frame {
            self.rig.receive(self.publisher.address, packet);
        }
    }

    /// Two frames, opened by everybody: nothing is missing, and numbers run on.
    fn prove(&mut self) {
        let mut eyes: HashMap<_, _> = self.viewers.iter().map(Eye::of).collect();
        for _ in 0..2 {
            self.next_frame();
            self.receive();
            self.rig.forward(|batch| {
                for outgoing in batch.outgoing() {
                    let eye = eyes.get_mut(&outgoing.route.remote).expect("a viewer");
                    eye.see(batch.bytes(outgoing).to_vec());
                }
            });
        }
        for eye in eyes.values() {
            let (first, last) = (eye.seen[0], eye.seen[eye.seen.len() - 1]);
            let packets = CAMERA.packets as usize;
            assert_eq!(eye.seen.len(), 2 * packets);
            assert!(eye.seen.is_sorted(), "{:?}", eye.seen);
            assert_eq!(last.0 - first.0, 2 * packets as u64 - 1, "no gap");
            assert_eq!(last.1 - first.1, 1, "two pictures");
        }
    }
}

struct Eye {
    inbound: Inbound,
    /// Packet indices and picture ids.
    seen: Vec<(u64, u16)>,
}

impl Eye {
    fn of(viewer: &Joined) -> (core::net::SocketAddr, Self) {
        let keying = &viewer.keying;
        let eye = Self {
            inbound: Inbound::new(keying.profile, &keying.server),
            seen: Vec::new(),
        };
        (viewer.address, eye)
    }

    fn see(&mut self, mut packet: Vec<u8>) {
        let opened = self.inbound.unprotect_rtp(&mut packet);
        let opened = opened.expect("sealed for this viewer");
        assert_eq!(opened.payload().len(), CAMERA.payload);
        let vp8 = Vp8Descriptor::parse(opened.payload()).expect("VP8 as it was sent");
        let picture_id = vp8.picture_id.expect("as it was sent");
        self.seen.push((opened.index(), picture_id.value));
    }
}
