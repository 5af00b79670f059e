//! One meeting that is larger than a worker: decrypted once, sealed where each viewer lives. With
//! `--workers` the server's CPUs share it.

use super::fanout::webinar;
use super::plan::Scenario;
use super::size::{Size, take};
use crate::load::Shape;

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let video = Shape {
        rate: size.take_fps(30.0)?,
        packets: take(&mut size.frame_packets, 4),
        bytes: take(&mut size.packet_bytes, 1_100),
    };
    Ok(Scenario {
        name: "hot".to_owned(),
        rooms: vec![webinar(take(&mut size.viewers, 800), video)],
        seconds: 10.0,
    })
}
