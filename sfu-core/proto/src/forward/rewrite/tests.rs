use super::*;
use crate::forward::packet_info::PacketInfo;

const A: LayerKey = LayerKey {
    index: 1,
    generation: 1,
};
const B: LayerKey = LayerKey {
    index: 2,
    generation: 2,
};

fn packet(sequence: u64, timestamp: u64) -> Cached<'static> {
    Cached {
        sequence,
        info: PacketInfo {
            timestamp,
            ..PacketInfo::default()
        },
        payload: b"x",
    }
}

fn wide(value: u16) -> PictureId {
    PictureId {
        value,
        is_15_bit: true,
    }
}

fn picture(sequence: u64, picture_id: u16, tl0: u8) -> Cached<'static> {
    let vp8 = Vp8Numbers {
        picture_id: Some(wide(picture_id)),
        tl0picidx: Some(tl0),
    };
    Cached {
        sequence,
        info: PacketInfo {
            vp8,
            ..PacketInfo::default()
        },
        payload: b"x",
    }
}

#[test]
fn a_switch_leaves_no_seam() {
    let mut rewrite = Rewrite::new(10);
    assert_eq!(rewrite.switch(A, &packet(900, 5_000), 70_000).sequence, 10);
    let second = rewrite.forward(&packet(901, 8_000)).unwrap();
    assert_eq!((second.sequence, second.timestamp), (11, 73_000));
    let switched = rewrite.switch(B, &packet(77, 1), 76_000);
    assert_eq!((switched.sequence, switched.timestamp), (12, 76_000));
    assert_eq!(
        rewrite.forward(&packet(78, 3_001)).unwrap().timestamp,
        79_000
    );
}

#[test]
fn a_loss_stays_a_gap_and_its_repair_fits_into_it() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    assert_eq!(rewrite.forward(&packet(103, 0)).unwrap().sequence, 3);
    assert_eq!(rewrite.forward(&packet(101, 0)).unwrap().sequence, 1);
    assert_eq!(rewrite.forward(&packet(102, 0)).unwrap().sequence, 2);
    assert_eq!(rewrite.forward(&packet(104, 0)).unwrap().sequence, 4);
}

#[test]
fn what_is_dropped_on_purpose_closes_up() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    rewrite.skip(101);
    assert_eq!(rewrite.forward(&packet(102, 0)).unwrap().sequence, 1);
    rewrite.skip(104); // 103 is missing before it.
    assert_eq!(rewrite.forward(&packet(105, 0)).unwrap().sequence, 3);
    assert_eq!(rewrite.forward(&packet(103, 0)).unwrap().sequence, 2);
    assert_eq!(rewrite.forward(&packet(101, 0)), None);
    assert_eq!(rewrite.forward(&packet(104, 0)), None);
}

#[test]
fn a_number_that_waits_for_its_packet_is_given_to_no_other() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    rewrite.skip(102); // 101 is missing before it, and number 1 is its own.
    assert_eq!(rewrite.switch(B, &packet(50, 0), 0).sequence, 2);
    rewrite.switch(A, &packet(120, 0), 0);
    assert_eq!(rewrite.forward(&packet(101, 0)).unwrap().sequence, 1);
}

#[test]
fn what_predates_the_switch_is_not_forwarded() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    assert_eq!(rewrite.forward(&packet(99, 0)), None);
    rewrite.switch(B, &packet(50, 0), 0);
    rewrite.switch(A, &packet(120, 0), 0);
    assert_eq!(rewrite.forward(&packet(110, 0)), None);
}

#[test]
fn a_nack_finds_its_packet_across_a_switch() {
    let mut rewrite = Rewrite::new(7);
    let first = rewrite.switch(A, &packet(100, 50), 1_000);
    rewrite.switch(B, &packet(500, 0), 2_000);
    rewrite.forward(&packet(501, 30));
    assert_eq!(rewrite.origin(7), Some((A, 100)));
    assert_eq!(rewrite.origin(9), Some((B, 501)));
    assert_eq!(rewrite.origin(10), None, "not sent yet");
    assert_eq!(rewrite.origin(6), None, "before the first");
    assert_eq!(rewrite.again(7, &packet(100, 50)), Some(first));
}

#[test]
fn picture_numbers_run_on_and_wrap() {
    let mut rewrite = Rewrite::new(0);
    let first = rewrite.switch(A, &picture(1, 0x7ffe, 254), 0);
    assert_eq!(first.vp8.picture_id, Some(wide(0x7ffe)));
    rewrite.forward(&picture(2, 0x7fff, 255));
    let switched = rewrite.switch(B, &picture(9, 300, 17), 0);
    assert_eq!(switched.vp8.picture_id, Some(wide(0)));
    assert_eq!(switched.vp8.tl0picidx, Some(0));
    let next = rewrite.forward(&picture(10, 301, 18)).unwrap();
    assert_eq!(
        (next.vp8.picture_id, next.vp8.tl0picidx),
        (Some(wide(1)), Some(1))
    );
}

#[test]
fn time_never_runs_backwards_over_a_switch() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(1, 0), 1_000);
    rewrite.forward(&packet(2, 500));
    assert_eq!(rewrite.switch(B, &packet(1, 0), 900).timestamp, 1_501);
}

#[test]
fn old_segments_are_forgotten_not_confused() {
    let mut rewrite = Rewrite::new(0);
    for turn in 0..100 {
        rewrite.switch(
            if turn % 2 == 0 { A } else { B },
            &packet(1_000 * turn, 0),
            0,
        );
    }
    assert_eq!(rewrite.origin(0), None);
    assert_eq!(rewrite.origin(99), Some((B, 99_000)));
}

#[test]
fn a_leap_leaves_a_gap_of_one() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    let after = rewrite.forward(&packet(30_100, 500)).unwrap();
    assert_eq!((after.sequence, after.timestamp), (2, 500));
    assert_eq!(rewrite.forward(&packet(60_100, 900)).unwrap().sequence, 4);
    assert_eq!(rewrite.forward(&packet(30_099, 0)), None);
    assert_eq!(rewrite.origin(2), Some((A, 30_100)));
}

#[test]
fn a_run_of_padding_forgets_nothing() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    (101..200).for_each(|sequence| rewrite.skip(sequence));
    assert_eq!(rewrite.forward(&packet(200, 0)).unwrap().sequence, 1);
    assert_eq!(rewrite.origin(0), Some((A, 100)));
}

/// Whatever comes in, in whatever order: a number that went out means one packet for ever.
#[test]
fn one_number_is_one_packet() {
    use std::collections::HashMap;
    let mut seed = 1_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..200 {
        let mut rewrite = Rewrite::new(0);
        let mut newest = [1_000, 5_000];
        let mut layer = 0;
        let mut used: HashMap<u64, (LayerKey, u64)> = HashMap::new();
        rewrite.switch(A, &packet(1_000, 0), 0);
        used.insert(0, (A, 1_000));
        for _ in 0..500 {
            let key = [A, B][layer];
            let (sequence, out) = match random(20) {
                0 => {
                    layer = 1 - layer;
                    newest[layer] += 1 + random(3);
                    let sequence = newest[layer];
                    (
                        sequence,
                        Some(rewrite.switch([A, B][layer], &packet(sequence, 0), 0)),
                    )
                }
                1..=3 => {
                    newest[layer] += 1 + random(3);
                    rewrite.skip(newest[layer]);
                    continue;
                }
                4..=8 => {
                    let sequence = newest[layer].saturating_sub(random(20));
                    (sequence, rewrite.forward(&packet(sequence, 0)))
                }
                9 => {
                    newest[layer] += random(2_000);
                    (newest[layer], rewrite.forward(&packet(newest[layer], 0)))
                }
                _ => {
                    newest[layer] += 1 + random(2);
                    (newest[layer], rewrite.forward(&packet(newest[layer], 0)))
                }
            };
            let key = if out.is_some() { [A, B][layer] } else { key };
            if let Some(out) = out {
                let meant = *used.entry(out.sequence).or_insert((key, sequence));
                assert_eq!(meant, (key, sequence), "number {}", out.sequence);
            }
        }
    }
}

#[test]
fn padding_that_leaps_takes_no_numbers() {
    let mut rewrite = Rewrite::new(0);
    rewrite.switch(A, &packet(100, 0), 0);
    rewrite.skip(30_100);
    rewrite.skip(60_100);
    (1..100).for_each(|step| rewrite.skip(60_100 + step * 500));
    let next = rewrite.forward(&packet(109_601, 0)).unwrap();
    assert!(next.sequence <= 1 + LEAP_MAX, "{}", next.sequence);
    assert_eq!(rewrite.forward(&packet(30_099, 0)), None);
}
