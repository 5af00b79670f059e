//! Meetings of six that only talk, all at once: many small packets, each alone.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::load::Shape;
use crate::target::{Room, Seat};

/// Opus at 32 kbit/s in packets of 20 ms, with its header.
pub const VOICE: Shape = Shape {
    rate: 50.0,
    packets: 1,
    bytes: 110,
};

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    Ok(Scenario {
        name: "audio".to_owned(),
        rooms: vec![talk(); take(&mut size.rooms, 10)],
        seconds: 10.0,
    })
}

pub fn talk() -> RoomLoad {
    let seat = Seat {
        sends_audio: true,
        audio_slots: 5,
        ..Seat::default()
    };
    RoomLoad {
        room: Room {
            seats: vec![seat; 6],
        },
        audio: VOICE,
        video: Vec::new(),
    }
}
