//! Everybody joins at once, with HTTP, ICE and DTLS, and nobody sends: how many joins a second the
//! server carries.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::target::{Room, Seat};

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let seat = Seat {
        audio_slots: 3,
        video_slots: 5,
        ..Seat::default()
    };
    let quiet = RoomLoad {
        room: Room {
            seats: vec![seat; 6],
        },
        audio: super::audio::VOICE,
        video: Vec::new(),
    };
    Ok(Scenario {
        name: "joins".to_owned(),
        rooms: vec![quiet; take(&mut size.rooms, 200)],
        seconds: 1.0,
    })
}
