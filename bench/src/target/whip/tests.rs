//! With `str0m-peer` on loopback: what is sent comes out at every viewer, whole. It must have been
//! built: `cargo build -p str0m-peer`, with `--release` for tests with it.

use std::sync::Arc;

use sfu_proto::srtp::Profile;

use super::{Options, Whip};
use crate::lab::network::{Kind, Network};
use crate::target::rehearsal::run;
use crate::target::{Room, Seat, Target as _, str0m};

/// The CPU that joins and sends is the last one; what sends is not pinned.
fn start() -> Whip {
    let program = str0m::program().unwrap();
    let network = Arc::new(Network::new(Kind::Lo, None).unwrap());
    let cpus = sfu_uring::allowed_cores().unwrap();
    let (first, last) = (cpus[0], cpus[cpus.len() - 1]);
    str0m::start(program, &first.to_string(), last, network).unwrap()
}

#[test]
#[ignore = "needs str0m-peer, and a machine with nothing else to do"]
fn all_of_a_room_receive_all_others_and_nobody_else() {
    let mut peer = start();
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
    let received = run(joined, None);
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
    let mut peer = start();
    let seat = Seat {
        video_layers: 3,
        video_slots: 2,
        ..Seat::default()
    };
    let seats = vec![seat; 3];
    let joined = peer.join(&[Room { seats }]).unwrap();
    assert_eq!(joined[0][0].sends.len(), 3);
    let received = run(joined, None);
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
