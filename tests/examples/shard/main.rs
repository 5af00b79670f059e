//! What a forwarded packet costs inside one shard, without sockets: sealed packets go in, sealed
//! packets come out, and the same bytes are sealed alone beside it. What stands between the two
//! figures is ours to answer for.
//!
//! ```text
//! cargo run --release -p system-tests --example shard [-- SHAPE…]
//! ```

mod floor;
mod stage;

use core::time::Duration;

use floor::Floor;
use stage::{Costs, Stage};
use system_tests::rig::Flow;

/// Who meets, and what they send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub name: &'static str,
    pub meetings: u32,
    /// Of each meeting: who publish, and who only look and listen.
    pub publishers: u32,
    pub viewers: u32,
    /// Of everybody but a lone publisher.
    pub audio_slots: usize,
    pub video_slots: usize,
    pub audio: Option<Flow>,
    pub video: Option<Flow>,
    /// Simulated time that is measured.
    pub measured: Duration,
}

const fn flow(interval_us: u64, packets: u32, payload: usize) -> Option<Flow> {
    Some(Flow {
        interval: Duration::from_micros(interval_us),
        packets,
        payload,
    })
}

const FANOUT: Shape = Shape {
    name: "fanout-100",
    meetings: 1,
    publishers: 1,
    viewers: 100,
    audio_slots: 0,
    video_slots: 1,
    audio: None,
    video: flow(33_333, 10, 1_100),
    measured: Duration::from_secs(12),
};

/// Small packets at a low rate, as many streams as DESIGN §5 asks of a host.
const STREAMS: Shape = Shape {
    name: "streams-20000",
    meetings: 334,
    publishers: 6,
    viewers: 0,
    audio_slots: 5,
    video_slots: 5,
    audio: flow(50_000, 1, 100),
    video: flow(100_000, 1, 600),
    measured: Duration::from_secs(5),
};

const SHAPES: &[Shape] = &[
    FANOUT,
    Shape {
        name: "fanout-900",
        viewers: 900,
        measured: Duration::from_secs(3),
        ..FANOUT
    },
    Shape {
        name: "rooms-of-6",
        meetings: 10,
        audio: flow(20_000, 1, 100),
        video: flow(33_333, 1, 600),
        measured: Duration::from_secs(15),
        ..STREAMS
    },
    Shape {
        name: "streams-200",
        meetings: 4,
        measured: Duration::from_secs(20),
        ..STREAMS
    },
    STREAMS,
    Shape {
        name: "idle-viewers-900",
        viewers: 900,
        video: flow(1_000_000, 1, 100),
        measured: Duration::from_secs(15),
        ..FANOUT
    },
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "{:<18}{:>9}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}{:>10}{:>10}",
        "ns a packet out:",
        "streams",
        "packets",
        "receive",
        "time",
        "forward",
        "all",
        "crypto",
        "over",
        "longest",
        "B/stream"
    );
    for shape in SHAPES {
        if wanted.is_empty() || wanted.iter().any(|name| name == shape.name) {
            show(shape);
        }
    }
}

fn show(shape: &Shape) {
    let mut stage = Stage::open(shape);
    stage.warm_up();
    let costs = stage.run(shape.measured);
    let floor = Floor::of(&costs);
    let out = costs.forwarded.max(1);
    let each = |time: Duration| time.as_nanos() as f64 / out as f64;
    let (all, crypto) = (each(costs.all()), each(floor.time));
    println!(
        "{:<18}{:>9}{:>10}{:>9.0}{:>9.0}{:>9.0}{:>9.0}{:>9.0}{:>8.0}{:>7} us{:>10}",
        shape.name,
        costs.streams,
        costs.forwarded,
        each(costs.receive),
        each(costs.timeout),
        each(costs.forward),
        all,
        crypto,
        all - crypto,
        costs.longest_pass.as_micros(),
        costs.memory / costs.streams.max(1),
    );
    tell_what_was_lost(shape, &costs);
}

fn tell_what_was_lost(shape: &Shape, costs: &Costs) {
    if costs.forwarded != costs.expected {
        println!(
            "{}: {} packets were due, {} were forwarded; dropped: {:?}",
            shape.name, costs.expected, costs.forwarded, costs.dropped
        );
    }
}
