//! As many forwarded streams as a host is to carry, each slow: what it costs to have them at all.
//!
//! Meetings of thirteen, each with three slots for voices and twelve for cameras: 195 streams a
//! meeting. Four speak, so that everyone's three slots are filled; a fourth voice more would only be
//! sent and not forwarded.

use super::plan::{RoomLoad, Scenario};
use super::size::{Size, take};
use crate::load::Shape;
use crate::target::{Room, Seat};

const SEATS: usize = 13;
const AUDIO_SLOTS: usize = 3;
const VIDEO_SLOTS: usize = SEATS - 1;
const STREAMS: usize = SEATS * (AUDIO_SLOTS + VIDEO_SLOTS);

/// Opus in packets of 100 ms: five frames (RFC 6716 §3.2.5).
const AUDIO: Shape = Shape {
    rate: 10.0,
    packets: 1,
    bytes: 450,
};
const VIDEO: Shape = Shape {
    rate: 10.0,
    packets: 1,
    bytes: 600,
};

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let streams = take(&mut size.streams, 20_000);
    let rooms = ((streams + STREAMS / 2) / STREAMS).max(1);
    Ok(Scenario {
        name: "streams".to_owned(),
        rooms: vec![meeting(); rooms],
        seconds: 10.0,
    })
}

fn meeting() -> RoomLoad {
    let listener = Seat {
        sends_audio: false,
        video_layers: 1,
        audio_slots: AUDIO_SLOTS,
        video_slots: VIDEO_SLOTS,
    };
    let mut seats = vec![listener; SEATS];
    for speaker in &mut seats[..=AUDIO_SLOTS] {
        speaker.sends_audio = true;
    }
    RoomLoad {
        room: Room { seats },
        audio: AUDIO,
        video: vec![VIDEO],
    }
}
