//! Which protocol a datagram speaks (RFC 7983 §7, RFC 5761 §4): a full pass of them, in the mix of a
//! busy shard. They lie as a driver leaves them, each in a buffer of its own.

use core::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sfu_proto::limits::{DATAGRAM_BYTES_MAX, RECEIVED_PER_PASS_MAX};
use sfu_proto::packet::{Protocol, protocol};
use system_tests::chance::Chance;

/// First two bytes, and how many in 512 begin so.
const MIX: [([u8; 2], usize); 6] = [
    ([0x90, 111], 128), // a voice
    ([0x90, 96], 353),  // a camera
    ([0x81, 201], 20),  // receiver reports
    ([0x00, 0x01], 6),  // a binding request
    ([22, 0xfe], 4),    // a flight of DTLS
    ([0x47, 0x45], 1),  // of no protocol here
];

/// Of RTP, RTCP, STUN, DTLS and none.
type Counts = [usize; 5];

const EXPECTED: Counts = [128 + 353, 20, 6, 4, 1];

fn datagrams() -> Vec<u8> {
    let mut firsts: Vec<_> = MIX
        .iter()
        .flat_map(|(first, count)| core::iter::repeat_n(*first, *count))
        .collect();
    assert_eq!(firsts.len(), RECEIVED_PER_PASS_MAX);
    let mut chance = Chance::new(1);
    for last in (1..firsts.len()).rev() {
        firsts.swap(last, chance.below(last + 1));
    }
    let mut area = vec![0; firsts.len() * DATAGRAM_BYTES_MAX];
    for (buffer, first) in area.chunks_exact_mut(DATAGRAM_BYTES_MAX).zip(firsts) {
        buffer[..2].copy_from_slice(&first);
    }
    area
}

fn count(area: &[u8]) -> Counts {
    let mut counts = Counts::default();
    for datagram in area.chunks_exact(DATAGRAM_BYTES_MAX) {
        let place = match protocol(black_box(datagram)) {
            Ok(Protocol::Rtp) => 0,
            Ok(Protocol::Rtcp) => 1,
            Ok(Protocol::Stun) => 2,
            Ok(Protocol::Dtls) => 3,
            Err(_) => 4,
        };
        counts[place] += 1;
    }
    counts
}

fn demux(criterion: &mut Criterion) {
    let area = datagrams();
    let mut group = criterion.benchmark_group("demux");
    group.throughput(Throughput::Elements(RECEIVED_PER_PASS_MAX as u64));
    group.bench_function("mix", |bencher| {
        bencher.iter(|| assert_eq!(count(black_box(&area)), EXPECTED));
    });
    group.finish();
}

criterion_group!(benches, demux);
criterion_main!(benches);
