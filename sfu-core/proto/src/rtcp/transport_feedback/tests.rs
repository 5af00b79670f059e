use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::rtcp::{Full, Packet, Writer, packets};

const HEAD: FeedbackHead = FeedbackHead {
    sender: Ssrc(1),
    media: Ssrc(2),
    base_sequence: 0xfffe,
    feedback_count: 7,
};

fn read(bytes: &[u8]) -> Result<TransportFeedback<'_>, Dropped> {
    match packets(bytes).next().unwrap()? {
        Packet::TransportFeedback(feedback) => Ok(feedback),
        other => panic!("no feedback: {other:?}"),
    }
}

fn list(feedback: &TransportFeedback<'_>) -> Vec<(u16, u32)> {
    feedback
        .received()
        .map(|received| (received.sequence, received.ticks))
        .collect()
}

/// Writes into `room` bytes; says how many statuses it took, and the packet.
fn written(room: usize, arrivals: &[Option<u32>]) -> (Result<usize, Full>, Vec<u8>) {
    let mut out = vec![0xee; room];
    let mut writer = Writer::new(&mut out);
    let taken = writer.transport_feedback(&HEAD, arrivals.iter().copied());
    (taken, writer.as_bytes().to_vec())
}

#[test]
fn one_packet_in_a_run() {
    // A capture from a call that several implementations test with; padded.
    let bytes = [
        0xaf, 0xcd, 0x00, 0x05, 0xfa, 0x17, 0xfa, 0x17, 0x43, 0x03, 0x2f, 0xa0, 0x00, 0x99, 0x00,
        0x01, 0x3d, 0xe8, 0x02, 0x17, 0x20, 0x01, 0x94, 0x01,
    ];
    let feedback = read(&bytes).unwrap();
    assert_eq!(feedback.sender, Ssrc(4_195_875_351));
    assert_eq!(feedback.media, Ssrc(1_124_282_272));
    assert_eq!((feedback.base_sequence, feedback.status_count), (153, 1));
    assert_eq!(feedback.feedback_count, 23);
    assert_eq!(list(&feedback), [(153, (4_057_090 << 8) + 148)]);
}

#[test]
fn a_vector_of_one_bit_symbols() {
    // Another, without padding.
    let bytes = [
        0x8f, 0xcd, 0x00, 0x07, 0xfa, 0x17, 0xfa, 0x17, 0x09, 0xfa, 0xff, 0x67, 0x00, 0x27, 0x00,
        0x0d, 0x5f, 0xc2, 0xf1, 0x03, 0xbf, 0x8e, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1c,
        0x04, 0x00,
    ];
    let feedback = read(&bytes).unwrap();
    let base = (6_275_825 << 8) + 0x10;
    let mut expected: Vec<_> = (39..46).map(|sequence| (sequence, base)).collect();
    expected.extend([(49, base + 0x1c), (50, base + 0x20), (51, base + 0x20)]);
    assert_eq!(list(&feedback), expected);
}

#[test]
fn what_is_written_stands_where_the_draft_says() {
    let (taken, bytes) = written(64, &[Some(0x1234_5678), None, Some(0x1234_5a00)]);
    assert_eq!(taken, Ok(3));
    assert_eq!(
        bytes,
        [
            0x8f, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xfe, 0, 3, 0x12, 0x34, 0x56,
            7, // head
            0xd2, 0x00, // 01 00 10
            0x78, 0x03, 0x88, 0, 0, 0 // deltas, padding
        ]
    );
    let feedback = read(&bytes).unwrap();
    assert_eq!(list(&feedback), [(0xfffe, 0x1234_5678), (0, 0x1234_5a00)]);
}

#[test]
fn a_delta_that_16_bits_cannot_hold_waits_for_the_next_packet() {
    let first = 0x2_0000_u32;
    for (second, taken) in [
        (first + 0x7fff, 4),
        (first + 0x8000, 3),
        (first - 0x8000, 4),
        (first - 0x8001, 3),
    ] {
        let arrivals = [Some(first), None, None, Some(second)];
        assert_eq!(written(64, &arrivals).0, Ok(taken), "{second:#x}");
    }
}

#[test]
fn ticks_wrap_with_the_reference_time() {
    let (_, bytes) = written(64, &[Some(u32::MAX), Some(3)]);
    let feedback = read(&bytes).unwrap();
    assert_eq!(list(&feedback), [(0xfffe, u32::MAX), (0xffff, 3)]);
}

#[test]
fn without_an_arrival_nothing_is_written() {
    assert_eq!(written(64, &[]), (Ok(0), vec![]));
    assert_eq!(written(64, &[None, None]), (Ok(0), vec![]));
}

#[test]
fn the_worst_case_fits_its_promise() {
    let swinging: Vec<_> = (0..600)
        .map(|index| Some(if index % 2 == 0 { 0 } else { 0x7000 }))
        .collect();
    let (taken, bytes) = written(PACKET_BYTES_MAX, &swinging);
    assert_eq!(taken, Ok(STATUSES_MAX));
    assert!(bytes.len() <= PACKET_BYTES_MAX);
    assert_eq!(read(&bytes).unwrap().received().count(), STATUSES_MAX);
}

#[test]
fn a_small_room_takes_fewer_and_none_takes_none() {
    for room in 0..200 {
        let (taken, bytes) = written(room, &[Some(0x7000); 100]);
        assert!(bytes.len() <= room);
        match taken {
            Ok(taken) => assert_eq!(read(&bytes).unwrap().received().count(), taken),
            Err(Full) => assert!(bytes.is_empty()),
        }
    }
    assert_eq!(written(20, &[Some(1)]).0, Err(Full));
    assert_eq!(written(28, &[Some(1)]).0, Ok(1));
}

#[test]
fn fields_that_lie_are_dropped() {
    let (_, whole) = written(64, &[Some(0x100), None, Some(0x900)]);
    let with = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        read(&bytes).map(|feedback| feedback.status_count)
    };
    assert_eq!(with(15, 3), Ok(3));
    assert_eq!(with(15, 0), Err(Dropped::Malformed), "no statuses");
    assert_eq!(with(14, 0xff), Err(Dropped::Truncated), "too many statuses");
    assert_eq!(with(20, 0xf2), Err(Dropped::Malformed), "reserved symbol");
    assert_eq!(with(20, 0x60), Err(Dropped::Malformed), "the same in a run");
    let mut four_large = whole.clone();
    four_large[15] = 4;
    four_large[20..22].copy_from_slice(&[0xea, 0x80]);
    assert_eq!(read(&four_large).unwrap_err(), Dropped::Truncated);
}

#[test]
fn any_arrivals_come_back() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..5_000 {
        let (loss, swing) = (random.next_u32() % 100, 1 << (random.next_u32() % 17));
        let mut ticks = random.next_u32();
        let arrivals: Vec<_> = (0..=random.next_u32() % 600)
            .map(|_| {
                ticks = ticks
                    .wrapping_add(random.next_u32() % swing)
                    .wrapping_sub(swing / 4);
                (random.next_u32() % 100 >= loss).then_some(ticks)
            })
            .collect();
        let (taken, bytes) = written(40 + random.next_u32() as usize % 1_200, &arrivals);
        let taken = taken.unwrap();
        if taken == 0 {
            continue;
        }
        let feedback = read(&bytes).unwrap();
        assert_eq!(usize::from(feedback.status_count), taken);
        let expected: Vec<_> = (0_u16..)
            .zip(&arrivals[..taken])
            .filter_map(|(index, arrival)| Some((0xfffe_u16.wrapping_add(index), (*arrival)?)))
            .collect();
        assert_eq!(list(&feedback), expected);
    }
}
