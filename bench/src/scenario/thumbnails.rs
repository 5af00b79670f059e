//! Galleries: meetings of twenty-five who all see all others small, one packet a frame. No two
//! packets for a viewer belong together, so that trains form only where packets happen to meet.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::load::Shape;
use crate::target::{Room, Seat};

const SEATS: usize = 25;

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let video = Shape {
        rate: size.take_fps(15.0)?,
        packets: 1,
        bytes: take(&mut size.packet_bytes, 400),
    };
    Ok(Scenario {
        name: "thumbnails".to_owned(),
        rooms: vec![gallery(video); take(&mut size.rooms, 2)],
        seconds: 10.0,
    })
}

pub fn gallery(video: Shape) -> RoomLoad {
    let seat = Seat {
        video_layers: 1,
        video_slots: SEATS - 1,
        ..Seat::default()
    };
    RoomLoad {
        room: Room {
            seats: vec![seat; SEATS],
        },
        audio: super::audio::VOICE,
        video: vec![video],
    }
}
