//! **Protect**: a place in the send area, header and payload copied into it, sealed there. Each
//! packet has the next index, as the nonce asks for.

#[path = "common/seals.rs"]
mod seals;

use core::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seals::{BURST, PAYLOADS, SEALS, Sender};
use sfu_proto::limits::{BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX};
use sfu_proto::packet::{Route, SendBatch};
use sfu_proto::srtp::Inbound;
use system_tests::world::route;

fn burst(sender: &mut Sender, route: Route, batch: &mut SendBatch) {
    batch.clear();
    for _ in 0..BURST {
        let slot = batch.slot(route, sender.len).expect("the batch has room");
        sender.protect(slot);
    }
    assert_eq!(batch.outgoing().len(), BURST);
    black_box(batch.area());
}

/// The far end opens all of what lies in the batch.
fn prove(sender: &Sender, inbound: &mut Inbound, batch: &SendBatch) {
    let first = sender.index - BURST as u64;
    for (index, outgoing) in (first..).zip(batch.outgoing()) {
        let mut packet = batch.bytes(outgoing).to_vec();
        let opened = inbound.unprotect_rtp(&mut packet).expect("sealed well");
        assert_eq!(opened.index(), index);
        assert_eq!(opened.payload(), sender.payload);
    }
}

fn protect(criterion: &mut Criterion) {
    let route = route(([192, 0, 2, 2], 5_000).into());
    let mut batch = SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX);
    let mut group = criterion.benchmark_group("protect");
    group.throughput(Throughput::Elements(BURST as u64));
    for (seal, payload) in SEALS
        .into_iter()
        .flat_map(|seal| PAYLOADS.map(|p| (seal, p)))
    {
        let (mut sender, mut inbound) = seal.ends(payload);
        burst(&mut sender, route, &mut batch);
        prove(&sender, &mut inbound, &batch);
        group.bench_function(BenchmarkId::new(seal.name, payload), |bencher| {
            bencher.iter(|| burst(&mut sender, route, &mut batch));
        });
    }
    group.finish();
}

criterion_group!(benches, protect);
criterion_main!(benches);
