//! With a real Janus behind the veth network: what is sent comes out at every viewer, whole. These
//! tests need root and Debian's `janus`, and the machine's one veth network while they run:
//! `cargo test -p bench -- --ignored --test-threads=1 janus`.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Janus, program};
use crate::endpoint::{Endpoint, MediaKind};
use crate::lab::network::{Kind, Network};
use crate::load::{Engine, LoadOptions, Received, Shape};
use crate::target::{Room, Seat, Target as _};
use sfu_proto::srtp::Profile;

const AUDIO: Shape = Shape {
    rate: 50.0,
    packets: 1,
    bytes: 120,
};
const VIDEO: Shape = Shape {
    rate: 30.0,
    packets: 2,
    bytes: 1_100,
};

/// `None` where there is no Janus.
fn start() -> Option<Janus> {
    if let Err(lacking) = program() {
        eprintln!("skipped: {lacking}");
        return None;
    }
    let network = Arc::new(Network::new(Kind::Veth, None).unwrap());
    Some(Janus::start("0", 1, network).unwrap())
}

fn with_shapes(endpoint: Endpoint, video: Shape) -> (Endpoint, Vec<Shape>) {
    let shapes = endpoint.sends.iter().map(|source| match source.kind {
        MediaKind::Audio => AUDIO,
        MediaKind::Video => video,
    });
    let shapes = shapes.collect();
    (endpoint, shapes)
}

/// Sends for two seconds, the first of which does not count.
fn run(rooms: Vec<Vec<Endpoint>>) -> Received {
    let everybody = rooms
        .into_iter()
        .flatten()
        .map(|endpoint| with_shapes(endpoint, VIDEO));
    let options = LoadOptions {
        cpu: Some(1),
        receives_trains: false,
        sends_trains: false,
        opened_one_in: 1,
    };
    let mut engine = Engine::start(everybody.collect(), options).unwrap();
    engine.set_rate(1.0).unwrap();
    thread::sleep(Duration::from_secs(1));
    engine.begin_window(1.0).unwrap();
    thread::sleep(Duration::from_secs(1));
    engine.pause().unwrap();
    engine.tally().unwrap().received
}

#[test]
#[ignore = "needs root and janus"]
fn fifty_viewers_receive_what_one_sends() {
    let Some(mut janus) = start() else { return };
    assert!(janus.name().starts_with("janus 1."), "{}", janus.name());
    let speaker = Seat {
        sends_audio: true,
        video_layers: 1,
        ..Seat::default()
    };
    let viewer = Seat {
        audio_slots: 1,
        video_slots: 1,
        ..Seat::default()
    };
    let mut seats = vec![speaker];
    seats.extend([viewer; 50]);
    let joined = janus.join(&[Room { seats }]).unwrap();
    let everybody = &joined[0];
    assert_eq!(everybody.len(), 51);
    assert!(
        everybody
            .iter()
            .all(|it| it.keys.profile == Profile::AeadAes128Gcm)
    );
    assert_eq!(
        (everybody[0].sends.len(), everybody[50].receives.len()),
        (2, 2)
    );
    let received = run(joined);
    println!("{received:?}");
    assert_eq!((received.viewers, received.streams), (50, 100));
    assert_eq!(
        (received.lost, received.corrupt, received.others),
        (0, 0, 0)
    );
    assert!(received.opened > 50 * 90 && received.opened == received.packets);
}

#[test]
#[ignore = "needs root and janus"]
fn all_of_a_room_receive_all_others_and_nobody_else() {
    let Some(mut janus) = start() else { return };
    let seat = Seat {
        sends_audio: true,
        video_layers: 1,
        audio_slots: 5,
        video_slots: 5,
    };
    let rooms = vec![
        Room {
            seats: vec![seat; 6]
        };
        2
    ];
    let joined = janus.join(&rooms).unwrap();
    let shape: Vec<_> = joined[1]
        .iter()
        .map(|it| (it.sends.len(), it.receives.len()))
        .collect();
    assert_eq!(shape, [(2, 0), (0, 10)].repeat(6));
    let received = run(joined);
    println!("{received:?}");
    assert_eq!((received.viewers, received.streams), (12, 120));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    // Each of 60 hears and each of 60 sees: 50 and 60 packets a second.
    assert!(received.packets > 60 * 105, "{received:?}");
}

#[test]
#[ignore = "needs root and janus"]
fn of_three_encodings_each_viewer_receives_one() {
    let Some(mut janus) = start() else { return };
    let seat = Seat {
        sends_audio: true,
        video_layers: 3,
        audio_slots: 5,
        video_slots: 5,
    };
    let seats = vec![seat; 6];
    let joined = janus.join(&[Room { seats }]).unwrap();
    assert_eq!(joined[0][0].sends.len(), 4);
    let received = run(joined);
    assert_eq!((received.viewers, received.streams), (6, 60));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    // 30 times 50 and 60 packets a second, not 50 and 180. A busy machine sends fewer.
    assert!(received.packets < 3_450, "{received:?}");
}
