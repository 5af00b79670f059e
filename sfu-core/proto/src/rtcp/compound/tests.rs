use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::super::{FirEntry, ReportBlock, SenderInfo, Writer};
use super::*;
use crate::ids::Ssrc;
use crate::time::NtpTime;

const BLOCK: ReportBlock = ReportBlock {
    ssrc: Ssrc(0xaabb_ccdd),
    fraction_lost: 3,
    cumulative_lost: -5,
    highest_sequence: 0x2_0001,
    jitter: 77,
    last_sender_report: 0x1234_5678,
    delay_since_last_sender_report: 0x8000,
};

const INFO: SenderInfo = SenderInfo {
    ssrc: Ssrc(0x0102_0304),
    ntp: NtpTime(0x1122_3344_5566_7788),
    rtp_timestamp: 9,
    packet_count: 10,
    octet_count: 11,
};

fn composed(compose: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = [0xee; 1_200];
    let mut writer = Writer::new(&mut out);
    compose(&mut writer);
    writer.as_bytes().to_vec()
}

fn only(bytes: &[u8]) -> Result<Packet<'_>, Dropped> {
    let mut walk = packets(bytes);
    let first = walk.next().unwrap();
    assert!(walk.next().is_none(), "one packet only");
    first
}

/// One of each kind, in the order of the enum.
fn everything() -> Vec<u8> {
    let mut bytes = composed(|writer| {
        writer.sender_report(&INFO, &[BLOCK]).unwrap();
        writer.receiver_report(Ssrc(5), &[BLOCK, BLOCK]).unwrap();
        writer.description(&[Ssrc(5), Ssrc(6)], "cname").unwrap();
        writer.goodbye(&[Ssrc(5), Ssrc(6)]).unwrap();
        writer.nack(Ssrc(1), Ssrc(2), [7, 9]).unwrap();
        writer.pli(Ssrc(1), Ssrc(2)).unwrap();
        let entry = FirEntry {
            ssrc: Ssrc(2),
            number: 3,
        };
        writer.fir(Ssrc(1), entry).unwrap();
    });
    bytes.extend(TRANSPORT_FEEDBACK);
    bytes.extend(REMB);
    bytes.extend([0x80, 207, 0, 1, 0, 0, 0, 1]);
    bytes
}

/// From a call: one packet, sequence 153, 37 ms after the reference; padded.
const TRANSPORT_FEEDBACK: [u8; 24] = [
    0xaf, 0xcd, 0x00, 0x05, 0xfa, 0x17, 0xfa, 0x17, 0x43, 0x03, 0x2f, 0xa0, 0x00, 0x99, 0x00, 0x01,
    0x3d, 0xe8, 0x02, 0x17, 0x20, 0x01, 0x94, 0x01,
];

/// draft-alvestrand-rmcat-remb-03 §2.2, one source, 0x3fb93 × 2^2 bits a second.
const REMB: [u8; 24] = [
    0x8f, 0xce, 0x00, 0x05, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 0x01, 0x0b, 0xfb, 0x93,
    0x03, 0x21, 0x55, 0x44,
];

#[test]
fn every_kind_is_told_apart() {
    let bytes = everything();
    let read: Vec<_> = packets(&bytes).map(Result::unwrap).collect();
    assert!(matches!(
        read[..],
        [
            Packet::SenderReport(_),
            Packet::ReceiverReport(_),
            Packet::Description(_),
            Packet::Goodbye(_),
            Packet::Nack(_),
            Packet::Pli(_),
            Packet::Fir(_),
            Packet::TransportFeedback(_),
            Packet::Remb(_),
            Packet::Other,
        ]
    ));
}

#[test]
fn reports_come_back_as_they_were_written() {
    let bytes = everything();
    let mut walk = packets(&bytes);
    let Some(Ok(Packet::SenderReport(sender))) = walk.next() else {
        panic!("no sender report")
    };
    assert_eq!(sender.info, INFO);
    assert_eq!(sender.blocks().collect::<Vec<_>>(), [BLOCK]);
    let Some(Ok(Packet::ReceiverReport(receiver))) = walk.next() else {
        panic!("no receiver report")
    };
    assert_eq!(receiver.sender, Ssrc(5));
    assert_eq!(receiver.blocks().collect::<Vec<_>>(), [BLOCK, BLOCK]);
}

#[test]
fn rfc_3550_section_6_4_1_sender_report_bytes() {
    let bytes = composed(|writer| writer.sender_report(&INFO, &[]).unwrap());
    assert_eq!(
        bytes,
        [
            0x80, 200, 0, 6, 1, 2, 3, 4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0,
            9, 0, 0, 0, 10, 0, 0, 0, 11
        ]
    );
}

#[test]
fn a_report_holds_31_blocks_and_no_more() {
    let mut out = [0; 1_200];
    let mut writer = Writer::new(&mut out);
    assert!(writer.receiver_report(Ssrc(1), &[BLOCK; 32]).is_err());
    writer.receiver_report(Ssrc(1), &[BLOCK; 31]).unwrap();
    let Ok(Packet::ReceiverReport(report)) = only(writer.as_bytes()) else {
        panic!("no receiver report")
    };
    assert_eq!(report.blocks().len(), 31);
}

#[test]
fn names_and_goodbyes_come_back() {
    for cname in ["", "a", "ab", "abc", "abcd", "a longer one"] {
        let bytes = composed(|writer| {
            writer.description(&[Ssrc(5), Ssrc(6)], cname).unwrap();
            writer.goodbye(&[Ssrc(7), Ssrc(8)]).unwrap();
        });
        let mut walk = packets(&bytes);
        let Some(Ok(Packet::Description(description))) = walk.next() else {
            panic!("no description")
        };
        let names: Vec<_> = description
            .items()
            .map(|item| (item.ssrc, item.cname().unwrap()))
            .collect();
        assert_eq!(
            names,
            [(Ssrc(5), cname.as_bytes()), (Ssrc(6), cname.as_bytes())]
        );
        let Some(Ok(Packet::Goodbye(goodbye))) = walk.next() else {
            panic!("no goodbye")
        };
        assert_eq!(goodbye.ssrcs().collect::<Vec<_>>(), [Ssrc(7), Ssrc(8)]);
    }
}

#[test]
fn items_other_than_names_are_walked_over() {
    let bytes = [
        0x81, 202, 0, 4, 0, 0, 0, 9, 6, 3, b't', b'l', b'x', 1, 2, b'm', b'e', 0, 0, 0,
    ];
    let Ok(Packet::Description(description)) = only(&bytes) else {
        panic!("no description")
    };
    let names: Vec<_> = description.items().map(|item| item.cname()).collect();
    assert_eq!(names, [None, Some(&b"me"[..])]);
}

#[test]
fn key_frame_requests_come_back() {
    let bytes = everything();
    let requests: Vec<_> = packets(&bytes)
        .filter_map(|packet| match packet.unwrap() {
            Packet::Pli(pli) => Some((pli.sender, pli.media, None)),
            Packet::Fir(fir) => fir
                .entries()
                .next()
                .map(|entry| (fir.sender, entry.ssrc, Some(entry.number))),
            _ => None,
        })
        .collect();
    assert_eq!(
        requests,
        [(Ssrc(1), Ssrc(2), None), (Ssrc(1), Ssrc(2), Some(3))]
    );
}

#[test]
fn a_receiver_estimate_is_read_and_saturates() {
    let Ok(Packet::Remb(remb)) = only(&REMB) else {
        panic!("no remb")
    };
    assert_eq!(remb.bits_per_second, 0x3_fb93 << 2);
    assert_eq!(remb.ssrcs().collect::<Vec<_>>(), [Ssrc(0x0321_5544)]);
    let mut overflowing = REMB;
    overflowing[17] = 0xff;
    let Ok(Packet::Remb(remb)) = only(&overflowing) else {
        panic!("no remb")
    };
    assert_eq!(remb.bits_per_second, u64::MAX);
}

#[test]
fn padding_is_cut_off_and_must_not_lie() {
    let padded = |padding: u8| [0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, padding];
    assert!(matches!(only(&padded(4)), Ok(Packet::Pli(_))));
    assert_eq!(only(&padded(0)).unwrap_err(), Dropped::Malformed);
    assert_eq!(only(&padded(13)).unwrap_err(), Dropped::Malformed);
    assert_eq!(only(&padded(8)).unwrap_err(), Dropped::Truncated);
    assert_eq!(only(&[0xa1, 206, 0, 0]).unwrap_err(), Dropped::Malformed);
}

#[test]
fn a_frame_that_lies_ends_the_walk() {
    let mut bytes = everything();
    bytes[2] = 0x40;
    assert_eq!(only(&bytes).unwrap_err(), Dropped::Truncated);
    bytes[0] = 0x41;
    assert_eq!(only(&bytes).unwrap_err(), Dropped::Malformed);
    assert!(packets(&[]).next().is_none());
}

#[test]
fn an_inside_that_lies_is_one_error_and_its_neighbours_count() {
    for lie in [
        [0x81, 200, 0, 1, 0, 0, 0, 1],
        [0x81, 201, 0, 1, 0, 0, 0, 1],
        [0x82, 203, 0, 1, 0, 0, 0, 1],
        [0x81, 205, 0, 1, 0, 0, 0, 1],
        [0x8f, 205, 0, 1, 0, 0, 0, 1],
        [0x81, 206, 0, 1, 0, 0, 0, 1],
        [0x84, 206, 0, 1, 0, 0, 0, 1],
        [0x8f, 206, 0, 1, 0, 0, 0, 1],
    ] {
        let mut bytes = lie.to_vec();
        bytes.extend(composed(|writer| writer.pli(Ssrc(1), Ssrc(2)).unwrap()));
        let read: Vec<_> = packets(&bytes).collect();
        assert!(
            matches!(read[..], [Err(Dropped::Truncated), Ok(Packet::Pli(_))]),
            "{lie:02x?}"
        );
    }
}

#[test]
fn every_truncation_is_said() {
    let bytes = everything();
    let mut ends = vec![0];
    let mut at = 0;
    while at < bytes.len() {
        at += 4 + 4 * usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        ends.push(at);
    }
    for len in 0..bytes.len() {
        let is_whole = packets(&bytes[..len]).all(|packet| packet.is_ok());
        assert_eq!(is_whole, ends.contains(&len), "{len} bytes");
    }
}

/// Walks all that there is to walk and says how many things it met.
fn exhaust(bytes: &[u8]) -> usize {
    packets(bytes)
        .map(|packet| match packet {
            Ok(Packet::SenderReport(report)) => report.blocks().count(),
            Ok(Packet::ReceiverReport(report)) => report.blocks().count(),
            Ok(Packet::Description(description)) => description.items().count(),
            Ok(Packet::Goodbye(goodbye)) => goodbye.ssrcs().count(),
            Ok(Packet::Nack(nack)) => nack.sequences().count(),
            Ok(Packet::Fir(fir)) => fir.entries().count(),
            Ok(Packet::TransportFeedback(feedback)) => feedback.received().count(),
            Ok(Packet::Remb(remb)) => remb.ssrcs().count(),
            Ok(Packet::Pli(_) | Packet::Other) | Err(_) => 1,
        })
        .sum()
}

#[test]
fn mutated_packets_end_after_bounded_work() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let whole = everything();
    for _ in 0..50_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random.next_u32() % 8 {
            let at = random.next_u32() as usize % bytes.len();
            bytes[at] = random.next_u32().to_be_bytes()[0];
        }
        bytes.truncate(random.next_u32() as usize % (bytes.len() + 1));
        assert!(exhaust(&bytes) <= 8 * bytes.len());
    }
}

#[test]
fn random_packets_of_each_kind_end_after_bounded_work() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..50_000 {
        let words = random.next_u32().to_be_bytes()[0] % 32;
        let mut bytes = vec![0; 4 + 4 * usize::from(words)];
        random.fill_bytes(&mut bytes);
        bytes[0] = 0x80 | bytes[0] & 0x3f;
        bytes[1] = 200 + bytes[1] % 8;
        bytes[2] = 0;
        bytes[3] = words;
        assert!(exhaust(&bytes) <= 8 * bytes.len());
    }
}
