//! One publisher and many viewers: what a webinar costs, and how near it comes to the ideal
//! forwarder. Frames are trains of equal packets.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::load::Shape;
use crate::target::{Room, Seat};

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let video = Shape {
        rate: size.take_fps(30.0)?,
        packets: take(&mut size.frame_packets, 10),
        bytes: take(&mut size.packet_bytes, 1_100),
    };
    let viewers = take(&mut size.viewers, 100);
    let rooms = take(&mut size.rooms, 1);
    Ok(Scenario {
        name: "fanout".to_owned(),
        rooms: vec![webinar(viewers, video); rooms],
        seconds: 10.0,
    })
}

/// A camera, and `viewers` who watch it.
pub fn webinar(viewers: usize, video: Shape) -> RoomLoad {
    let publisher = Seat {
        video_layers: 1,
        ..Seat::default()
    };
    let viewer = Seat {
        video_slots: 1,
        ..Seat::default()
    };
    let mut seats = vec![viewer; viewers + 1];
    seats[0] = publisher;
    RoomLoad {
        room: Room { seats },
        audio: super::audio::VOICE,
        video: vec![video],
    }
}
