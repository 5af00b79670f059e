//! With a real Janus behind the veth network: what is sent comes out at every viewer, whole. These
//! tests need root and Debian's `janus`, and the machine's one veth network while they run:
//! `cargo test -p bench -- --ignored --test-threads=1 janus`.

use std::sync::Arc;

use super::{Janus, program};
use crate::lab::network::{Kind, Network};
use crate::target::rehearsal::run;
use crate::target::{Room, Seat, Target as _};
use sfu_proto::srtp::Profile;

fn start() -> Janus {
    program().unwrap();
    let network = Arc::new(Network::new(Kind::Veth, None).unwrap());
    Janus::start("0", 1, network).unwrap()
}

#[test]
#[ignore = "needs root and janus"]
fn fifty_viewers_receive_what_one_sends() {
    let mut janus = start();
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
    let received = run(joined, Some(1));
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
    let mut janus = start();
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
    let received = run(joined, Some(1));
    println!("{received:?}");
    assert_eq!((received.viewers, received.streams), (12, 120));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    // Each of 60 hears and each of 60 sees: 50 and 60 packets a second.
    assert!(received.packets > 60 * 105, "{received:?}");
}

#[test]
#[ignore = "needs root and janus"]
fn of_three_encodings_each_viewer_receives_one() {
    let mut janus = start();
    let seat = Seat {
        sends_audio: true,
        video_layers: 3,
        audio_slots: 5,
        video_slots: 5,
    };
    let seats = vec![seat; 6];
    let joined = janus.join(&[Room { seats }]).unwrap();
    assert_eq!(joined[0][0].sends.len(), 4);
    let received = run(joined, Some(1));
    assert_eq!((received.viewers, received.streams), (6, 60));
    assert_eq!((received.lost, received.corrupt), (0, 0));
    // 30 times 50 and 60 packets a second, not 50 and 180. A busy machine sends fewer.
    assert!(received.packets < 3_450, "{received:?}");
}
