use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

fn walk(profile: u16, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    elements(profile, bytes)
        .map(|(id, data)| (id, data.to_vec()))
        .collect()
}

const IDS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    rid: Some(10),
    repaired_rid: Some(11),
    audio_level: Some(1),
    abs_send_time: Some(2),
    transport_cc: Some(3),
};

fn read(profile: u16, bytes: &[u8]) -> Extensions {
    let [high, low] = profile.to_be_bytes();
    let words = u8::try_from(bytes.len() / 4).unwrap();
    let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, high, low, 0, words];
    packet.extend(bytes);
    let header = Header::parse(&packet).unwrap();
    Extensions::read(&header, &packet, &IDS)
}

#[test]
fn rfc_8285_section_4_2_three_elements_with_padding() {
    // The drawing of §4.2: one byte under an id, two bytes with padding behind, four bytes.
    let bytes = [0x10, 0xaa, 0x21, 0xbb, 0xbb, 0, 0, 0x33, 1, 2, 3, 4];
    assert_eq!(
        walk(ONE_BYTE_PROFILE, &bytes),
        [
            (1, vec![0xaa]),
            (2, vec![0xbb, 0xbb]),
            (3, vec![1, 2, 3, 4])
        ]
    );
}

#[test]
fn rfc_8285_section_4_3_three_elements_with_padding() {
    // The drawing of §4.3: no data, one byte with padding behind, four bytes.
    let bytes = [1, 0, 2, 1, 0xbb, 0, 3, 4, 1, 2, 3, 4];
    let expected = [(1, vec![]), (2, vec![0xbb]), (3, vec![1, 2, 3, 4])];
    assert_eq!(walk(0x1000, &bytes), expected);
    assert_eq!(walk(0x100f, &bytes), expected, "application bits");
}

#[test]
fn id_15_and_id_0_with_a_length_end_the_one_byte_form() {
    assert_eq!(
        walk(ONE_BYTE_PROFILE, &[0x10, 7, 0xf0, 0, 0x20, 8]),
        [(1, vec![7])]
    );
    assert_eq!(
        walk(ONE_BYTE_PROFILE, &[0x10, 7, 0x01, 0, 0x20, 8]),
        [(1, vec![7])]
    );
}

#[test]
fn a_length_that_lies_ends_the_walk() {
    assert_eq!(walk(ONE_BYTE_PROFILE, &[0x10, 7, 0x2f, 0]), [(1, vec![7])]);
    assert_eq!(walk(0x1000, &[1, 1, 7, 2, 255, 0]), [(1, vec![7])]);
    assert_eq!(walk(0x1000, &[1, 1, 7, 2]), [(1, vec![7])]);
}

#[test]
fn another_profile_says_nothing() {
    assert_eq!(walk(0xabac, &[0x10, 7, 0, 0]), []);
    assert_eq!(walk(0x1010, &[1, 1, 7, 0]), []);
}

#[test]
fn a_chromium_video_packet_says_all_that_it_carries() {
    let bytes = [
        0x22, 0x12, 0x34, 0x56, // abs-send-time
        0x31, 0xab, 0xcd, // transport-cc
        0x40, b'1', // mid
        0xa0, b'h', // rid
        0xb0, b'l', // repaired rid
        0, 0, 0, 0, 0,
    ];
    let extensions = read(ONE_BYTE_PROFILE, &bytes);
    assert_eq!(extensions.mid, Token::new(b"1"));
    assert_eq!(extensions.rid, Token::new(b"h"));
    assert_eq!(extensions.repaired_rid, Token::new(b"l"));
    assert_eq!(extensions.transport_cc, Some(0xabcd));
    assert_eq!(
        extensions.abs_send_time,
        Some(AbsSendTime::from_bytes([0x12, 0x34, 0x56]))
    );
    assert_eq!(extensions.audio_level, None);
}

#[test]
fn the_two_byte_form_says_the_same() {
    let extensions = read(0x1000, &[1, 2, 0x85, 0, 3, 2, 0, 9, 4, 1, b'0', 0]);
    let level = AudioLevel {
        voice: true,
        level: 5,
    };
    assert_eq!(extensions.audio_level, Some(level));
    assert_eq!(extensions.transport_cc, Some(9));
    assert_eq!(extensions.mid, Token::new(b"0"));
}

#[test]
fn elements_of_the_wrong_length_say_nothing() {
    let extensions = read(0x1000, &[1, 0, 2, 2, 0, 0, 3, 1, 0, 4, 0, 0]);
    assert_eq!(extensions, Extensions::default());
}

#[test]
fn a_mid_that_is_no_token_is_no_mid() {
    let extensions = read(ONE_BYTE_PROFILE, &[0x41, 0, b'\n', 0]);
    assert_eq!(extensions.mid, None);
}

#[test]
fn any_bytes_end() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..20_000 {
        let mut bytes = vec![0; random.next_u32() as usize % 64];
        random.fill_bytes(&mut bytes);
        for profile in [ONE_BYTE_PROFILE, TWO_BYTE_PROFILE] {
            let mut walk = elements(profile, &bytes);
            assert!(walk.by_ref().count() <= bytes.len());
            assert_eq!(walk.next(), None, "an ended walk stays ended");
        }
    }
}
