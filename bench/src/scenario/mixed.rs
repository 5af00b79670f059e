//! Some of everything at once, as a box in service has it: a webinar, meetings whose cameras send
//! three encodings, talks without pictures, and a gallery.

use super::plan::{RoomLoad, Scenario};
use super::size::Size;
use super::{audio, fanout, rooms, thumbnails};
use crate::load::Shape;

/// 180, 360 and 720 lines at 30 frames a second: 0.15, 0.5 and 1.7 Mbit/s.
const CAMERA: [Shape; 3] = [
    Shape {
        rate: 30.0,
        packets: 1,
        bytes: 620,
    },
    Shape {
        rate: 30.0,
        packets: 2,
        bytes: 1_050,
    },
    Shape {
        rate: 30.0,
        packets: 7,
        bytes: 1_020,
    },
];

pub fn scenario(_: &mut Size) -> anyhow::Result<Scenario> {
    Ok(Scenario {
        name: "mixed".to_owned(),
        rooms: everything(),
        seconds: 10.0,
    })
}

pub fn everything() -> Vec<RoomLoad> {
    let [small, _, large] = CAMERA;
    let mut all = vec![fanout::webinar(50, large)];
    all.extend(vec![rooms::meeting(3, CAMERA.to_vec()); 4]);
    all.extend(vec![audio::talk(); 4]);
    all.push(thumbnails::gallery(Shape {
        rate: 15.0,
        ..small
    }));
    all
}
