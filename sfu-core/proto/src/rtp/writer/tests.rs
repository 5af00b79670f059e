use super::*;
use crate::control::{ExtensionIds, Token};
use crate::rtp::{AudioLevel, Extensions, Header};

fn plan(extensions: ExtensionPlan) -> HeaderPlan {
    HeaderPlan {
        marker: true,
        payload_type: 96,
        sequence: 0x1234,
        timestamp: 0x5678_9abc,
        ssrc: Ssrc(0xdead_beef),
        csrc: ParticipantId(7),
        has_padding: false,
        extensions,
    }
}

fn written(plan: &HeaderPlan) -> Vec<u8> {
    write(plan).as_bytes().to_vec()
}

fn all(ids: [u8; 4]) -> ExtensionPlan {
    ExtensionPlan {
        mid: Some((ids[0], Token::new(b"12").unwrap())),
        abs_send_time: Some((ids[1], AbsSendTime::from_bytes([1, 2, 3]))),
        audio_level: Some((ids[2], 0x85)),
        transport_cc: Some((ids[3], 0xabcd)),
    }
}

#[test]
fn without_extensions_there_is_no_block() {
    let plan = plan(ExtensionPlan::default());
    assert_eq!(
        written(&plan),
        [
            0x81, 0xe0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 7
        ]
    );
}

#[test]
fn small_ids_take_the_one_byte_form() {
    let bytes = written(&plan(all([14, 2, 1, 3])));
    assert_eq!(bytes[0], 0x91);
    assert_eq!(
        bytes[16..],
        [
            0xbe, 0xde, 0, 3, 0xe1, b'1', b'2', 0x22, 1, 2, 3, 0x10, 0x85, 0x31, 0xab, 0xcd
        ]
    );
}

#[test]
fn one_id_over_14_takes_the_two_byte_form_for_all() {
    let bytes = written(&plan(all([15, 2, 1, 3])));
    assert_eq!(
        bytes[16..],
        [
            0x10, 0, 0, 4, 15, 2, b'1', b'2', 2, 3, 1, 2, 3, 1, 1, 0x85, 3, 2, 0xab, 0xcd
        ]
    );
}

#[test]
fn padding_fills_the_last_word_with_zeros() {
    let bytes = written(&plan(ExtensionPlan {
        audio_level: Some((1, 9)),
        ..ExtensionPlan::default()
    }));
    assert_eq!(bytes[16..], [0xbe, 0xde, 0, 1, 0x10, 9, 0, 0]);
}

#[test]
fn what_is_written_is_what_is_read() {
    for ids in [
        [1, 2, 3, 4],
        [14, 13, 12, 11],
        [200, 2, 3, 4],
        [255, 16, 15, 1],
    ] {
        for mid in ["0", "audio", "sixteen-bytes-ab"] {
            let mut plan = plan(all(ids));
            plan.has_padding = true;
            plan.extensions.mid = Some((ids[0], Token::new(mid.as_bytes()).unwrap()));
            let bytes = written(&plan);
            let header = Header::parse(&bytes).unwrap();
            assert_eq!(header.len, bytes.len());
            assert!(header.marker && header.has_padding);
            assert_eq!((header.ssrc, header.csrc_count), (plan.ssrc, 1));
            assert_eq!((header.sequence, header.timestamp), (0x1234, 0x5678_9abc));
            let read = Extensions::read(
                &header,
                &bytes,
                &ExtensionIds {
                    mid: Some(ids[0]),
                    abs_send_time: Some(ids[1]),
                    audio_level: Some(ids[2]),
                    transport_cc: Some(ids[3]),
                    ..ExtensionIds::default()
                },
            );
            assert_eq!(read.mid, Token::new(mid.as_bytes()));
            assert_eq!(read.audio_level, Some(AudioLevel::from_byte(0x85)));
            assert_eq!(read.transport_cc, Some(0xabcd));
            assert_eq!(read.abs_send_time, Some(AbsSendTime::from_bytes([1, 2, 3])));
        }
    }
}

#[test]
fn the_longest_header_fits() {
    let mut plan = plan(all([255, 254, 253, 252]));
    plan.extensions.mid = Some((255, Token::new(b"sixteen-bytes-ab").unwrap()));
    assert_eq!(written(&plan).len(), HEADER_BYTES_MAX);
}

#[test]
fn a_high_id_alone_takes_the_two_byte_form_only_if_its_value_is_there() {
    let absent = ExtensionPlan {
        audio_level: Some((1, 9)),
        mid: Some((200, Token::default())),
        ..ExtensionPlan::default()
    };
    assert_eq!(written(&plan(absent))[16..20], [0xbe, 0xde, 0, 1]);
}

#[test]
fn what_has_no_id_or_no_value_is_left_out() {
    let mut plan = plan(all([0, 0, 0, 0]));
    plan.extensions.mid = Some((5, Token::default()));
    assert_eq!(written(&plan).len(), FIXED_BYTES + CSRC_BYTES);
}
