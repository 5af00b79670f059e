use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;
use crate::rtcp::transport_feedback::PACKET_BYTES_MAX;
use crate::rtcp::{Packet, packets};

fn at_millis(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

#[derive(Debug, PartialEq)]
struct Feedback {
    base: u16,
    statuses: u16,
    count: u8,
    received: Vec<(u16, u32)>,
}

/// All that is due, each packet in a datagram of its own.
fn feedback(arrivals: &mut Arrivals) -> Vec<Feedback> {
    let mut all = Vec::new();
    loop {
        let mut out = [0; PACKET_BYTES_MAX];
        let mut writer = Writer::new(&mut out);
        if !arrivals.write_feedback(Ssrc(1), Ssrc(2), &mut writer) {
            assert!(writer.is_empty());
            return all;
        }
        let Some(Ok(Packet::TransportFeedback(read))) = packets(writer.as_bytes()).next() else {
            panic!("no feedback");
        };
        assert_eq!((read.sender, read.media), (Ssrc(1), Ssrc(2)));
        all.push(Feedback {
            base: read.base_sequence,
            statuses: read.status_count,
            count: read.feedback_count,
            received: read.received().map(|r| (r.sequence, r.ticks)).collect(),
        });
    }
}

#[test]
fn nothing_arrived_nothing_is_due() {
    let mut arrivals = Arrivals::default();
    assert_eq!(arrivals.deadline(), None);
    assert_eq!(feedback(&mut arrivals), []);
}

#[test]
fn the_oldest_arrival_waits_50_ms() {
    let mut arrivals = Arrivals::default();
    arrivals.record(9, at_millis(100));
    arrivals.record(10, at_millis(120));
    assert_eq!(arrivals.deadline(), Some(at_millis(150)));
    assert_eq!(feedback(&mut arrivals).len(), 1);
    assert_eq!(arrivals.deadline(), None);
    arrivals.record(11, at_millis(170));
    assert_eq!(arrivals.deadline(), Some(at_millis(220)));
}

#[test]
fn a_burst_is_due_at_once() {
    let mut arrivals = Arrivals::default();
    for sequence in 0..127 {
        arrivals.record(sequence, at_millis(100));
    }
    assert_eq!(arrivals.deadline(), Some(at_millis(150)));
    arrivals.record(127, at_millis(101));
    assert_eq!(arrivals.deadline(), Some(at_millis(100)));
}

#[test]
fn arrivals_and_losses_are_reported_across_the_wrap() {
    let mut arrivals = Arrivals::default();
    arrivals.record(0xfffe, at_millis(64));
    arrivals.record(1, at_millis(65));
    let expected = Feedback {
        base: 0xfffe,
        statuses: 4,
        count: 0,
        received: vec![(0xfffe, 256), (1, 260)],
    };
    assert_eq!(feedback(&mut arrivals), [expected]);
    arrivals.record(3, at_millis(66));
    let expected = Feedback {
        base: 2,
        statuses: 2,
        count: 1,
        received: vec![(3, 264)],
    };
    assert_eq!(feedback(&mut arrivals), [expected]);
}

#[test]
fn a_late_packet_is_reported_after_all() {
    let mut arrivals = Arrivals::default();
    arrivals.record(10, at_millis(0));
    arrivals.record(12, at_millis(1));
    feedback(&mut arrivals);
    arrivals.record(11, at_millis(2));
    let expected = Feedback {
        base: 11,
        statuses: 2,
        count: 1,
        received: vec![(11, 8), (12, 4)],
    };
    assert_eq!(feedback(&mut arrivals), [expected]);
    arrivals.record(9, at_millis(3));
    assert_eq!(feedback(&mut arrivals)[0].base, 9, "from before the first");
}

#[test]
fn a_duplicate_keeps_its_first_arrival_and_is_not_reported_again() {
    let mut arrivals = Arrivals::default();
    arrivals.record(10, at_millis(0));
    arrivals.record(10, at_millis(9));
    assert_eq!(feedback(&mut arrivals)[0].received, [(10, 0)]);
    arrivals.record(10, at_millis(10));
    assert_eq!(arrivals.deadline(), None);
    assert_eq!(feedback(&mut arrivals), []);
}

#[test]
fn what_the_ring_no_longer_holds_is_let_go() {
    let mut arrivals = Arrivals::default();
    arrivals.record(0, at_millis(0));
    arrivals.record(1_000, at_millis(1));
    arrivals.record(1_000 - 512, at_millis(2));
    let all = feedback(&mut arrivals);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].base, all[0].statuses), (1_000 - 511, 512));
    assert_eq!(all[0].received, [(1_000, 4)]);
}

#[test]
fn a_place_is_free_again_a_ring_later() {
    let mut arrivals = Arrivals::default();
    arrivals.record(5, at_millis(0));
    feedback(&mut arrivals);
    arrivals.record(5 + 512, at_millis(1));
    assert_eq!(feedback(&mut arrivals)[0].received, [(5 + 512, 4)]);
}

#[test]
fn a_long_pause_takes_two_packets() {
    let mut arrivals = Arrivals::default();
    arrivals.record(1, at_millis(0));
    arrivals.record(2, at_millis(9_000));
    let mut out = [0; PACKET_BYTES_MAX];
    let mut writer = Writer::new(&mut out);
    assert!(arrivals.write_feedback(Ssrc(1), Ssrc(2), &mut writer));
    assert_eq!(arrivals.deadline(), Some(at_millis(50)), "more is due");
    let rest = feedback(&mut arrivals);
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].received, [(2, 36_000)]);
}

#[test]
fn a_datagram_without_room_changes_nothing() {
    let mut arrivals = Arrivals::default();
    arrivals.record(1, at_millis(0));
    let mut out = [0; 16];
    assert!(!arrivals.write_feedback(Ssrc(1), Ssrc(2), &mut Writer::new(&mut out)));
    assert_eq!(feedback(&mut arrivals)[0].count, 0);
}

#[test]
fn every_arrival_is_reported_once_within_250_us_whatever_the_network_does() {
    for seed in 0..50 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut arrivals = Arrivals::default();
        let mut truth = BTreeMap::new();
        let mut reported = BTreeMap::new();
        let mut nanos = u64::from(random.next_u32()) * 1_000;
        for sent in 0..3_000_u64 {
            nanos += u64::from(random.next_u32()) % 2_000_000;
            // Up to twenty places out of order; one in ten lost.
            let sequence = 65_000 + sent - u64::from(random.next_u32()) % 20;
            if random.next_u32() % 10 != 0 {
                let narrow = u16::try_from(sequence & 0xffff).unwrap();
                arrivals.record(narrow, Instant::from_nanos(nanos));
                truth.entry(narrow).or_insert(nanos);
            }
            if arrivals
                .deadline()
                .is_some_and(|due| due.as_nanos() <= nanos)
            {
                for feedback in feedback(&mut arrivals) {
                    reported.extend(feedback.received);
                }
            }
        }
        for feedback in feedback(&mut arrivals) {
            reported.extend(feedback.received);
        }
        assert_eq!(reported.len(), truth.len());
        for (sequence, nanos) in truth {
            let ticks = u64::from(reported[&sequence]);
            // Ticks count modulo 2^32, which no seed here reaches.
            assert!(nanos.abs_diff(ticks * TICK_NANOS) < TICK_NANOS);
        }
    }
}

#[test]
fn any_sequences_are_survived() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut arrivals = Arrivals::default();
    for _ in 0..5_000 {
        for _ in 0..random.next_u32() % 20 {
            let [a, b, ..] = random.next_u32().to_be_bytes();
            let nanos = u64::from(random.next_u32()) << (random.next_u32() % 20);
            arrivals.record(u16::from_be_bytes([a, b]), Instant::from_nanos(nanos));
        }
        feedback(&mut arrivals);
        assert_eq!(arrivals.deadline(), None);
    }
}
