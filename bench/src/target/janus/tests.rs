//! With a real Janus behind the veth network: packets go in, come out at every viewer, and open.
//! They need root and Debian's `janus`, and own the machine's veth addresses while they run.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu_proto::srtp::{Inbound, Outbound, Profile};
use socket2::{Domain, Socket, Type};

use super::Janus;
use crate::endpoint::{Endpoint, MediaKind};
use crate::lab::network::{Kind, Network};
use crate::target::{Room, Seat, Target as _};

const SENDS: Seat = Seat {
    sends_audio: true,
    video_layers: 1,
    audio_slots: 0,
    video_slots: 0,
};

#[test]
#[ignore = "needs root and janus"]
fn probe() {
    let network = Arc::new(Network::new(Kind::Veth, None).unwrap());
    let mut janus = Janus::start("0", 1, network).unwrap();
    println!("{}", janus.name());
    let viewer = Seat {
        audio_slots: 1,
        video_slots: 1,
        ..Seat::default()
    };
    let mut seats = vec![SENDS];
    seats.extend([viewer; 50]);
    let started = Instant::now();
    let joined = janus.join(&[Room { seats }]).unwrap();
    println!("{} in {:?}", joined[0].len(), started.elapsed());
    println!("{:?}", joined[0][0]);
    println!("{:?}", joined[0][1]);
}
