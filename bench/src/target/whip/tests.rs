//! With `str0m-peer` on loopback: what is sent comes out at every viewer, whole. Without it these
//! tests are skipped; `cargo build -p str0m-peer` makes it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sfu_proto::srtp::Profile;

use super::{Options, Whip};
use crate::endpoint::{Endpoint, MediaKind};
use crate::lab::network::{Kind, Network};
use crate::load::{Engine, LoadOptions, Received, Shape};
use crate::target::{Room, Seat, Target as _, str0m};

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

/// `None` where it has not been built.
fn start() -> Option<Whip> {
    let program = str0m::program()
        .inspect_err(|lacking| eprintln!("skipped: {lacking}"))
        .ok()?;
    let network = Arc::new(Network::new(Kind::Lo, None).unwrap());
    let cpus = sfu_uring::allowed_cores().unwrap();
    let (first, last) = (cpus[0], cpus[cpus.len() - 1]);
    Some(str0m::start(program, &first.to_string(), last, network).unwrap())
}

fn with_shapes(endpoint: Endpoint) -> (Endpoint, Vec<Shape>) {
    let shapes = endpoint.sends.iter().map(|source| match source.kind {
        MediaKind::Audio => AUDIO,
        MediaKind::Video => VIDEO,
    });
    let shapes = shapes.collect();
    (endpoint, shapes)
}

/// Sends for two seconds, the first of which does not count.
fn run(rooms: Vec<Vec<Endpoint>>) -> Received {
    let everybody = rooms.into_iter().flatten().map(with_shapes);
    let options = LoadOptions {
        cpu: None,
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
#[ignore = "needs str0m-peer, and a machine with nothing else to do"]
fn all_of_a_room_receive_all_others_and_nobody_else() {
    let Some(mut peer) = start() else { return };
    assert_eq!(
        (peer.name().as_str(), peer.processes().len()),
        ("str0m-peer", 1)
    );
    let seat = Seat {
        sends_audio: true,
        video_layers: 1,
        audio_slots: 3,
        video_slots: 3,
    };
    let room = Room {
        seats: vec![seat; 4],
    };
    let joined = peer.join(&[room.clone(), room]).unwrap();
    let shape: Vec<_> = joined[1]
        .iter()
        .map(|it| (it.sends.len(), it.receives.len()))
        .collect();
    assert_eq!(shape, [(2, 0), (0, 2), (0, 2), (0, 2)].repeat(4));
    let profiles = joined[0].iter().map(|it| it.keys.profile);
    assert!({ profiles }.all(|profile| profile == Profile::AeadAes128Gcm));
    let received = run(joined);
    println!("{received:?}");
    assert_eq!((received.viewers, received.streams), (24, 48));
    assert_eq!(
        (received.lost, received.corrupt, received.others),
        (0, 0, 0)
    );
    // Each of 24 hears and each of 24 sees: 50 and 60 packets a second.
    assert!(received.packets > 24 * 105, "{received:?}");
    assert_eq!(received.opened, received.packets);
}

#[test]
#[ignore = "needs str0m-peer, and a machine with nothing else to do"]
fn of_three_encodings_each_viewer_receives_one() {
    let Some(mut peer) = start() else { return };
    let seat = Seat {
        video_layers: 3,
        video_slots: 2,
        ..Seat::default()
    };
    let seats = vec![seat; 3];
    let joined = peer.join(&[Room { seats }]).unwrap();
    assert_eq!(joined[0][0].sends.len(), 3);
    let received = run(joined);
    println!("{received:?}");
    assert_eq!((received.viewers, received.streams), (6, 6));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    // 6 times 60 packets a second, not 180. A busy machine sends fewer.
    assert!(received.packets < 6 * 70, "{received:?}");
}

#[test]
fn a_command_is_run_by_a_shell_that_becomes_it() {
    let options = Options {
        whip_publish: Some("http://{server}:9/{room}/{seat}".parse().unwrap()),
        whip_play: Some("http://{server}:9/{room}/{publisher}".parse().unwrap()),
        peer_command: Some("sfu --on '{server}'".to_owned()),
        whip_token: None,
    };
    let server = options.server([10, 99, 0, 1].into()).unwrap();
    assert_eq!(server.name, "whip 10.99.0.1:9");
    assert_eq!(
        server.start.unwrap().arguments,
        ["-c", "exec sfu --on '10.99.0.1'"]
    );
    let said = options.ensure_none().unwrap_err().to_string();
    assert!(said.contains("--whip-publish"), "{said}");
    assert!(Options::default().server([10, 99, 0, 1].into()).is_err());
    assert!(Options::default().ensure_none().is_ok());
}

#[test]
fn a_server_that_ends_at_its_start_says_why() {
    let options = Options {
        whip_publish: Some("http://{server}:9/{room}/{seat}".parse().unwrap()),
        whip_play: Some("http://{server}:9/{room}/{publisher}".parse().unwrap()),
        peer_command: Some("sh -c 'echo no such port; exit 3'".to_owned()),
        whip_token: None,
    };
    let network = Arc::new(Network::new(Kind::Lo, None).unwrap());
    let server = options.server(network.server()).unwrap();
    let said = Whip::start(server, "0", 0, network)
        .unwrap_err()
        .to_string();
    assert!(said.contains("no such port"), "{said}");
}
