use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

/// The first packet of a 640×480 key frame as Chromium sends it with temporal layers.
const KEY_FRAME: [u8; 16] = [
    0x90, 0xe0, 0x92, 0x34, 0x56, 0x20, // S; I L T; 15-bit id; TL0PICIDX; layer 0, sync
    0x10, 0x3f, 0x02, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01,
];

#[test]
fn section_4_2_every_field() {
    let descriptor = Vp8Descriptor::parse(&[0xb5, 0xf0, 0x92, 0x34, 0x56, 0xb3, 0]).unwrap();
    assert_eq!(
        descriptor,
        Vp8Descriptor {
            len: 6,
            non_reference: true,
            start_of_partition: true,
            partition: 5,
            picture_id: Some(PictureId {
                value: 0x1234,
                is_15_bit: true
            }),
            tl0picidx: Some(0x56),
            temporal_id: Some(2),
            layer_sync: true,
            key_index: Some(0x13),
        }
    );
}

#[test]
fn section_4_6_1_the_shortest_descriptor_is_one_byte() {
    let descriptor = Vp8Descriptor::parse(&[0x10]).unwrap();
    assert_eq!(descriptor.len, 1);
    assert_eq!(descriptor.picture_id, None);
    assert_eq!((descriptor.tl0picidx, descriptor.temporal_id), (None, None));
}

#[test]
fn a_short_picture_id_is_seven_bits() {
    let descriptor = Vp8Descriptor::parse(&[0x80, 0x80, 0x11]).unwrap();
    let expected = PictureId {
        value: 0x11,
        is_15_bit: false,
    };
    assert_eq!(descriptor.picture_id, Some(expected));
    assert_eq!(descriptor.len, 3);
}

#[test]
fn a_key_index_alone_says_no_temporal_layer() {
    let descriptor = Vp8Descriptor::parse(&[0x80, 0x10, 0xe5]).unwrap();
    assert_eq!(descriptor.temporal_id, None);
    assert!(!descriptor.layer_sync);
    assert_eq!(descriptor.key_index, Some(5));
}

#[test]
fn every_truncation_is_dropped() {
    let whole = [0x90, 0xf0, 0x92, 0x34, 0x56, 0xb3];
    for len in 0..whole.len() {
        assert_eq!(
            Vp8Descriptor::parse(&whole[..len]),
            Err(Dropped::Truncated),
            "{len} bytes"
        );
    }
}

#[test]
fn a_key_frame_starts_with_its_first_packet_only() {
    assert!(starts_key_frame(&KEY_FRAME));
    let mut later = KEY_FRAME;
    later[0] &= !0x10;
    assert!(!starts_key_frame(&later), "no start of partition");
    let mut second_partition = KEY_FRAME;
    second_partition[0] |= 1;
    assert!(!starts_key_frame(&second_partition));
    let mut delta = KEY_FRAME;
    delta[6] |= 1;
    assert!(!starts_key_frame(&delta), "an interframe");
    assert!(!starts_key_frame(&KEY_FRAME[..6]), "no frame header");
}

#[test]
fn a_key_frame_says_its_size() {
    let size = |payload: &[u8]| {
        Vp8Descriptor::parse(payload)
            .ok()
            .and_then(|descriptor| descriptor.key_frame_size(payload))
    };
    assert_eq!(size(&KEY_FRAME), Some((640, 480)));
    let mut scaled = KEY_FRAME;
    scaled[13] |= 0xc0;
    assert_eq!(size(&scaled), Some((640, 480)), "upscaling is no size");
    let mut no_start_code = KEY_FRAME;
    no_start_code[9] = 0;
    assert_eq!(size(&no_start_code), None);
    for len in 0..KEY_FRAME.len() {
        assert_eq!(size(&KEY_FRAME[..len]), None, "{len} bytes");
    }
}

/// As a slot does it: other values, the same form.
fn rewrite(descriptor: Vp8Descriptor, payload: &mut [u8], picture_id: u16, tl0: u8) {
    let before = descriptor.numbers();
    let numbers = Vp8Numbers {
        picture_id: before.picture_id.map(|id| PictureId {
            value: picture_id,
            ..id
        }),
        tl0picidx: before.tl0picidx.map(|_| tl0),
    };
    numbers.write(payload);
}

#[test]
fn counters_are_rewritten_at_their_width() {
    let mut wide = KEY_FRAME;
    let descriptor = Vp8Descriptor::parse(&wide).unwrap();
    rewrite(descriptor, &mut wide, 0x0005, 0x99);
    assert_eq!(wide[..6], [0x90, 0xe0, 0x80, 0x05, 0x99, 0x20]);
    assert_eq!(wide[6..], KEY_FRAME[6..]);

    let mut narrow = [0x90, 0xe0, 0x11, 0x56, 0x20, 0x10];
    let descriptor = Vp8Descriptor::parse(&narrow).unwrap();
    rewrite(descriptor, &mut narrow, 0x1fff, 0x99);
    assert_eq!(narrow, [0x90, 0xe0, 0x7f, 0x99, 0x20, 0x10]);
}

#[test]
fn counters_that_are_not_there_are_not_added() {
    let mut bare = [0x10, 0xaa, 0xbb, 0xcc];
    let descriptor = Vp8Descriptor::parse(&bare).unwrap();
    rewrite(descriptor, &mut bare, 1, 2);
    assert_eq!(bare, [0x10, 0xaa, 0xbb, 0xcc]);

    let mut only_tl0 = [0x90, 0x60, 0x56, 0x20, 0x10];
    let descriptor = Vp8Descriptor::parse(&only_tl0).unwrap();
    rewrite(descriptor, &mut only_tl0, 1, 2);
    assert_eq!(only_tl0, [0x90, 0x60, 2, 0x20, 0x10]);
}

#[test]
fn any_bytes_are_read_or_dropped_and_rewriting_keeps_the_rest() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..50_000 {
        let mut payload = vec![0; random.next_u32() as usize % 20];
        random.fill_bytes(&mut payload);
        let Ok(before) = Vp8Descriptor::parse(&payload) else {
            continue;
        };
        let media = payload[before.len..].to_vec();
        rewrite(before, &mut payload, 0x7abc, 0x44);
        let after = Vp8Descriptor::parse(&payload).unwrap();
        let expected = Vp8Descriptor {
            picture_id: before.picture_id.map(|id| PictureId {
                value: if id.is_15_bit { 0x7abc } else { 0x3c },
                ..id
            }),
            tl0picidx: before.tl0picidx.map(|_| 0x44),
            ..before
        };
        assert_eq!(after, expected);
        assert_eq!(payload[before.len..], media);
    }
}
