//! What the tests of all rivals do with a meeting that has joined: send for a while, and count.

use std::thread;
use std::time::Duration;

use crate::endpoint::{Endpoint, MediaKind};
use crate::load::{Engine, LoadOptions, Received, Shape};

const AUDIO: Shape = Shape {
    rate: 50.0,
    packets: 1,
    bytes: 120,
};
const VIDEO: Shape = Shape {
    rate: 30.0,
    packets: 2,
    bytes: 1_100,
};

/// Sends for two seconds, the first of which does not count; every packet that comes is opened.
pub(super) fn run(rooms: Vec<Vec<Endpoint>>, load_cpu: Option<usize>) -> Received {
    let everybody = rooms.into_iter().flatten().map(with_shapes);
    let options = LoadOptions {
        cpu: load_cpu,
        receives_trains: false,
        sends_trains: false,
        opened_one_in: 1,
    };
    let mut engine = Engine::start(everybody.collect(), options).unwrap();
    engine.set_rate(1.0).unwrap();
    thread::sleep(Duration::from_secs(1));
    engine.begin_window(1.0).unwrap();
    thread::sleep(Duration::from_secs(1));
    engine.pause().unwrap();
    engine.tally().unwrap().received
}

fn with_shapes(endpoint: Endpoint) -> (Endpoint, Vec<Shape>) {
    let shapes = endpoint.sends.iter().map(|source| match source.kind {
        MediaKind::Audio => AUDIO,
        MediaKind::Video => VIDEO,
    });
    let shapes = shapes.collect();
    (endpoint, shapes)
}
