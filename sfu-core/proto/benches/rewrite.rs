//! **Rewrite**: whose turn it is, the packet out of the layer's cache, the slot's own sequence, time
//! and picture numbers, and the header. The send area has no room at all, so that nothing is copied
//! and nothing sealed: each packet ends where `protect` begins, and is counted there.

#[path = "common/webinar.rs"]
mod webinar;

use core::time::Duration;

use criterion::measurement::{Measurement as _, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sfu_proto::dropped::Dropped;
use sfu_proto::packet::SendBatch;
use webinar::{VIEWERS, Webinar};

/// The time that `frames` take from the cache to the send area.
fn rewrite_frames(webinar: &mut Webinar, no_room: &mut SendBatch, frames: u64) -> Duration {
    let before = webinar.rig.shard.counters.dropped(Dropped::SendBatchFull);
    let mut time = Duration::ZERO;
    for _ in 0..frames {
        webinar.next_frame();
        webinar.receive();
        // What happens between frames has the real one, for its answers and reports.
        core::mem::swap(&mut webinar.rig.batch, no_room);
        let began = WallTime.start();
        webinar.rig.forward(|batch| assert!(batch.is_empty()));
        time += WallTime.end(began);
        core::mem::swap(&mut webinar.rig.batch, no_room);
    }
    let rewritten = webinar.rig.shard.counters.dropped(Dropped::SendBatchFull) - before;
    assert_eq!(rewritten, frames * webinar.packets_out());
    time
}

fn rewrite(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rewrite");
    group.sample_size(50);
    for viewers in VIEWERS {
        let mut webinar = Webinar::open(viewers);
        let mut no_room = SendBatch::new(0, 0);
        group.throughput(Throughput::Elements(webinar.packets_out()));
        group.bench_function(BenchmarkId::new("viewers", viewers), |bencher| {
            bencher.iter_custom(|frames| rewrite_frames(&mut webinar, &mut no_room, frames));
        });
    }
    group.finish();
}

criterion_group!(benches, rewrite);
criterion_main!(benches);
