//! The whole shard, without sockets: a frame's packets are received, and leave for each viewer.
//! Elements are the packets that leave. Each frame is sealed just before, outside of the time taken.

#[path = "common/webinar.rs"]
mod webinar;

use core::hint::black_box;
use core::time::Duration;

use criterion::measurement::{Measurement as _, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use webinar::{VIEWERS, Webinar};

/// The time from a frame's arrival to its last datagram in the send area, for `frames` of them.
fn forward_frames(webinar: &mut Webinar, frames: u64) -> Duration {
    let before = webinar.rig.shard.counters.packets_forwarded;
    let mut datagrams = 0;
    let mut time = Duration::ZERO;
    for _ in 0..frames {
        webinar.next_frame();
        let began = WallTime.start();
        webinar.receive();
        webinar.rig.forward(|batch| {
            datagrams += batch.outgoing().len() as u64;
            black_box(batch.area());
        });
        time += WallTime.end(began);
    }
    let expected = frames * webinar.packets_out();
    assert_eq!(datagrams, expected);
    assert_eq!(
        webinar.rig.shard.counters.packets_forwarded - before,
        expected
    );
    time
}

fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan_out");
    group.sample_size(50);
    for viewers in VIEWERS {
        let mut webinar = Webinar::open(viewers);
        group.throughput(Throughput::Elements(webinar.packets_out()));
        group.bench_function(BenchmarkId::new("viewers", viewers), |bencher| {
            bencher.iter_custom(|frames| forward_frames(&mut webinar, frames));
        });
    }
    group.finish();
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
