//! Meetings of six: everyone sends voice and camera, and sees and hears the five others.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::load::Shape;
use crate::target::{Room, Seat};

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let video = Shape {
        rate: size.take_fps(30.0)?,
        packets: take(&mut size.frame_packets, 1),
        bytes: take(&mut size.packet_bytes, 600),
    };
    Ok(Scenario {
        name: "rooms".to_owned(),
        rooms: vec![meeting(1, vec![video]); take(&mut size.rooms, 10)],
        seconds: 10.0,
    })
}

/// Six with cameras of `video_layers` encodings.
pub fn meeting(video_layers: usize, video: Vec<Shape>) -> RoomLoad {
    let seat = Seat {
        sends_audio: true,
        video_layers,
        audio_slots: 5,
        video_slots: 5,
    };
    RoomLoad {
        room: Room {
            seats: vec![seat; 6],
        },
        audio: super::audio::VOICE,
        video,
    }
}
