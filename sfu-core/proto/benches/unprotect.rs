//! **Unprotect**: header, index, replay window, tag, in place. A replay window takes no packet twice,
//! so each iteration opens a burst that was sealed for it just before, outside of the time taken.

#[path = "common/seals.rs"]
mod seals;

use core::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seals::{BURST, PAYLOADS, SEALS, Seal, Sender};
use sfu_proto::dropped::Dropped;
use sfu_proto::srtp::Inbound;

fn sealed(sender: &mut Sender) -> Vec<u8> {
    let mut burst = vec![0; BURST * sender.len];
    for slot in burst.chunks_exact_mut(sender.len) {
        sender.protect(slot);
    }
    burst
}

/// A packet that does not authenticate ends the bench.
fn open(inbound: &mut Inbound, packet: &mut [u8]) {
    let opened = inbound.unprotect_rtp(packet).expect("sealed for this end");
    black_box(opened.payload());
}

/// What is measured opens what is right, and nothing else.
fn prove(seal: Seal, payload: usize) {
    let (mut sender, mut inbound) = seal.ends(payload);
    let mut burst = sealed(&mut sender);
    let packet = &mut burst[..sender.len];
    let (mut again, mut forged) = (packet.to_vec(), packet.to_vec());
    let opened = inbound.unprotect_rtp(packet);
    assert_eq!(
        opened.map(|opened| opened.payload()),
        Ok(&sender.payload[..])
    );
    assert_eq!(
        inbound.unprotect_rtp(&mut again).err(),
        Some(Dropped::SrtpReplayed)
    );
    forged[sender.len / 2] ^= 1;
    let (_, mut fresh) = seal.ends(payload);
    assert_eq!(
        fresh.unprotect_rtp(&mut forged).err(),
        Some(Dropped::SrtpBadTag)
    );
}

fn unprotect(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unprotect");
    group.throughput(Throughput::Elements(BURST as u64));
    for (seal, payload) in SEALS
        .into_iter()
        .flat_map(|seal| PAYLOADS.map(|p| (seal, p)))
    {
        prove(seal, payload);
        let (mut sender, mut inbound) = seal.ends(payload);
        let len = sender.len;
        group.bench_function(BenchmarkId::new(seal.name, payload), |bencher| {
            bencher.iter_batched_ref(
                || sealed(&mut sender),
                |burst| {
                    for packet in burst.chunks_exact_mut(len) {
                        open(&mut inbound, packet);
                    }
                },
                // One burst at a time, or those sealed first would have left the near caches.
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, unprotect);
criterion_main!(benches);
