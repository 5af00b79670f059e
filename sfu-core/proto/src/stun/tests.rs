//! RFC 5769 vectors, what may not pass for them, and our own messages read back.

use core::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::builder::Writer;
use super::*;
use crate::dropped::Dropped;

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769 §2.1, a request.
const REQUEST: &str = "
    00010058 2112a442 b7e7a701bc34d686fa87dfae
    80220010 5354554e207465737420636c69656e74
    00240004 6e0001ff
    80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020
    00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
    80280004 e57a3bcf";

/// RFC 5769 §2.2, a response over IPv4.
const RESPONSE_IPV4: &str = "
    0101003c 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220
    00200008 0001a147e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
    80280004 c07d4c96";

/// RFC 5769 §2.3, a response over IPv6.
const RESPONSE_IPV6: &str = "
    01010048 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220
    00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
    80280004 c8fb0b4c";

const VECTORS: [&str; 3] = [REQUEST, RESPONSE_IPV4, RESPONSE_IPV6];

const VECTOR_ID: TransactionId = TransactionId([
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
]);

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A message of the given attributes, signed.
pub(crate) fn sealed(
    class: Class,
    id: TransactionId,
    password: &str,
    attributes: &[(u16, &[u8])],
) -> Vec<u8> {
    let len: usize = attributes
        .iter()
        .map(|(_, value)| 4 + value.len().next_multiple_of(4))
        .sum();
    let mut out = vec![0xaa; 20 + len + 24 + 8];
    let mut writer = Writer::start(&mut out, class, id);
    for (kind, value) in attributes {
        writer.value(*kind, value);
    }
    writer.seal(password.as_bytes());
    out
}

fn accepted(message: &[u8]) -> bool {
    Message::parse(message).is_ok_and(|message| message.check_integrity(PASSWORD).is_ok())
}

/// Makes the length and the fingerprint fit again after a change.
fn refit(message: &mut [u8]) {
    let len = u16::try_from(message.len() - 20).unwrap();
    message[2..4].copy_from_slice(&len.to_be_bytes());
    let at = message.len() - 8;
    let crc = integrity::fingerprint(&message[..at]);
    message[at + 4..].copy_from_slice(&crc.to_be_bytes());
}

#[test]
fn rfc_5769_section_2_1_request() {
    let vector = bytes(REQUEST);
    let message = Message::parse(&vector).unwrap();
    message.check_integrity(PASSWORD).unwrap();
    assert_eq!(message.class(), Class::Request);
    assert_eq!(message.method(), Method::BINDING);
    assert_eq!(message.transaction_id(), VECTOR_ID);
    assert_eq!(message.username(), Some(("evtj", "h6vY")));
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert_eq!(message.ice_controlled(), Some(0x932f_f9b1_5126_3b36));
    assert_eq!(message.ice_controlling(), None);
    assert!(!message.use_candidate());
    assert!(message.unknown_attributes().is_empty());
}

#[test]
fn rfc_5769_section_2_2_response_over_ipv4() {
    let vector = bytes(RESPONSE_IPV4);
    let message = Message::parse(&vector).unwrap();
    message.check_integrity(PASSWORD).unwrap();
    assert_eq!(message.class(), Class::Success);
    let mapped: SocketAddr = "192.0.2.1:32853".parse().unwrap();
    assert_eq!(message.xor_mapped_address(), Some(mapped));
}

#[test]
fn rfc_5769_section_2_3_response_over_ipv6() {
    let vector = bytes(RESPONSE_IPV6);
    let message = Message::parse(&vector).unwrap();
    message.check_integrity(PASSWORD).unwrap();
    let mapped: SocketAddr = "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
        .parse()
        .unwrap();
    assert_eq!(message.xor_mapped_address(), Some(mapped));
}

#[test]
fn no_truncation_passes() {
    for vector in VECTORS.map(bytes) {
        for len in 0..vector.len() {
            let cut = &vector[..len];
            assert_eq!(Message::parse(cut).unwrap_err(), Dropped::Truncated);
            // The same, with a length that admits to it.
            let mut honest = cut.to_vec();
            if let Some(field) = honest.get_mut(2..4) {
                let body = u16::try_from(len.saturating_sub(20)).unwrap();
                field.copy_from_slice(&body.to_be_bytes());
            }
            assert!(!accepted(&honest), "{len} bytes");
        }
    }
}

#[test]
fn no_flipped_bit_passes() {
    for vector in VECTORS.map(bytes) {
        assert!(accepted(&vector));
        for bit in 0..vector.len() * 8 {
            let mut flipped = vector.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepted(&flipped), "bit {bit}");
        }
    }
}

#[test]
fn the_hmac_alone_finds_every_flipped_bit_before_it() {
    let vector = bytes(REQUEST);
    let integrity_end = vector.len() - 8;
    for bit in 0..integrity_end * 8 {
        let mut flipped = vector.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refit(&mut flipped);
        // The length is ours to put right; every other bit is covered.
        let in_length = (2..4).contains(&(bit / 8));
        assert_eq!(accepted(&flipped), in_length, "bit {bit}");
    }
}

#[test]
fn the_fingerprint_is_needed_and_comes_last() {
    let vector = bytes(REQUEST);
    let mut without = vector[..vector.len() - 8].to_vec();
    let len = u16::try_from(without.len() - 20).unwrap();
    without[2..4].copy_from_slice(&len.to_be_bytes());
    let message = Message::parse(&without).unwrap();
    assert_eq!(
        message.check_integrity(PASSWORD),
        Err(Dropped::StunBadIntegrity)
    );

    let mut behind = vector;
    behind.extend([0x80, 0x22, 0, 0]);
    let len = u16::try_from(behind.len() - 20).unwrap();
    behind[2..4].copy_from_slice(&len.to_be_bytes());
    assert!(!accepted(&behind));
}

#[test]
fn without_message_integrity_nothing_is_believed() {
    let mut message = bytes(REQUEST);
    message.truncate(message.len() - 32);
    message.extend([0x80, 0x28, 0, 4, 0, 0, 0, 0]);
    refit(&mut message);
    let parsed = Message::parse(&message).unwrap();
    assert_eq!(
        parsed.check_integrity(PASSWORD),
        Err(Dropped::StunBadIntegrity)
    );
}

#[test]
fn what_follows_message_integrity_is_ignored() {
    let mut message = sealed(Class::Request, VECTOR_ID, PASSWORD, &[]);
    let fingerprint = message.split_off(message.len() - 8);
    message.extend([0, 0x25, 0, 0]); // USE-CANDIDATE
    message.extend([0x7f, 0xff, 0, 0]); // unknown, comprehension-required
    message.extend(fingerprint);
    refit(&mut message);
    let parsed = Message::parse(&message).unwrap();
    parsed.check_integrity(PASSWORD).unwrap();
    assert!(!parsed.use_candidate());
    assert!(parsed.unknown_attributes().is_empty());
}

#[test]
fn another_password_does_not_pass() {
    let vector = bytes(REQUEST);
    let message = Message::parse(&vector).unwrap();
    assert_eq!(
        message.check_integrity("VOkJxbRl1RmTxUk/WvJxBu"),
        Err(Dropped::StunBadIntegrity)
    );
}

#[test]
fn of_two_equal_attributes_the_first_counts() {
    let message = sealed(
        Class::Request,
        VECTOR_ID,
        PASSWORD,
        &[
            (kind::PRIORITY, &[0, 0, 0, 1]),
            (kind::PRIORITY, &[0, 0, 0, 2]),
            (kind::USERNAME, b"a:b"),
            (kind::USERNAME, b"c:d"),
        ],
    );
    let message = Message::parse(&message).unwrap();
    assert_eq!(message.priority(), Some(1));
    assert_eq!(message.username(), Some(("a", "b")));
}

#[test]
fn unknown_attributes_are_remembered_up_to_the_limit() {
    let many: Vec<(u16, &[u8])> = (0x7000..0x7020).map(|kind| (kind, [].as_slice())).collect();
    let message = sealed(Class::Request, VECTOR_ID, PASSWORD, &many);
    let unknown = Message::parse(&message).unwrap().unknown_attributes();
    let expected: Vec<u16> = (0x7000..0x7008).collect();
    assert_eq!(unknown.kinds(), expected);

    let optional = sealed(Class::Request, VECTOR_ID, PASSWORD, &[(0xc057, &[1, 2])]);
    assert!(
        Message::parse(&optional)
            .unwrap()
            .unknown_attributes()
            .is_empty()
    );
}

#[test]
fn attributes_of_the_wrong_size_are_malformed() {
    let wrong: [(u16, &[u8]); 11] = [
        (kind::PRIORITY, &[0; 3]),
        (kind::PRIORITY, &[0; 8]),
        (kind::USE_CANDIDATE, &[0; 1]),
        (kind::ICE_CONTROLLING, &[0; 4]),
        (kind::ICE_CONTROLLED, &[0; 12]),
        (kind::USERNAME, &[0xff, 0xfe]),
        (kind::XOR_MAPPED_ADDRESS, &[0; 3]),
        (kind::XOR_MAPPED_ADDRESS, &[0, 1, 0, 0, 0]),
        (kind::XOR_MAPPED_ADDRESS, &[0, 3, 0, 0, 0, 0, 0, 0]),
        (kind::ERROR_CODE, &[0, 0, 4]),
        (kind::ERROR_CODE, &[0, 0, 7, 0]),
    ];
    for (kind, value) in wrong {
        let message = sealed(Class::Request, VECTOR_ID, PASSWORD, &[(kind, value)]);
        assert_eq!(
            Message::parse(&message).unwrap_err(),
            Dropped::Malformed,
            "{kind:#06x} {value:?}"
        );
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let vector = bytes(RESPONSE_IPV4);
    let mut longer = vector.clone();
    longer.extend([0; 4]);
    assert_eq!(Message::parse(&longer).unwrap_err(), Dropped::Malformed);
    // The last attribute reaches beyond the message.
    let mut reaching = vector;
    let at = reaching.len() - 5;
    reaching[at] = 5;
    assert_eq!(Message::parse(&reaching).unwrap_err(), Dropped::Malformed);
    // Half a word.
    let mut odd = bytes("00010002 2112a442 000000000000000000000000 0000");
    assert_eq!(Message::parse(&odd).unwrap_err(), Dropped::Malformed);
    // Another cookie: the STUN of RFC 3489.
    odd.truncate(20);
    odd[3] = 0;
    assert!(Message::parse(&odd).is_ok());
    odd[7] ^= 1;
    assert_eq!(Message::parse(&odd).unwrap_err(), Dropped::Malformed);
}

#[test]
fn the_type_holds_class_and_method_apart() {
    // RFC 8489 §5: a binding indication is 0x0011; all method bits set with an error class, 0x3fff.
    for (bits, class, method) in [
        ([0x00, 0x11], Class::Indication, 1),
        ([0x3f, 0xff], Class::Error, 0xfff),
        ([0x01, 0x03], Class::Success, 3),
        ([0x3e, 0xef], Class::Request, 0xfff),
    ] {
        let mut header = bytes("00000000 2112a442 000000000000000000000000");
        header[..2].copy_from_slice(&bits);
        let message = Message::parse(&header).unwrap();
        assert_eq!(message.class(), class);
        assert_eq!(message.method(), Method(method));
        let encoded = message::encode_type(class, Method(method));
        assert_eq!(encoded.to_be_bytes(), bits);
    }
}

#[test]
fn our_messages_fill_their_slot_and_read_back() {
    let mut unknown = UnknownAttributes::default();
    for kind in [0x7001, 0x7002, 0x7003] {
        unknown.push(kind);
    }
    let v4: SocketAddr = "203.0.113.9:4321".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::9]:4321".parse().unwrap();
    for (response, address, code, len) in [
        (Response::Success(v4), Some(v4), None, 64),
        (Response::Success(v6), Some(v6), None, 76),
        (Response::BadRequest, None, Some(400), 60),
        (Response::UnknownAttribute(unknown), None, Some(420), 72),
        (Response::RoleConflict, None, Some(487), 60),
    ] {
        assert_eq!(response.encoded_len(), len);
        // A slot holds what an earlier pass left in it.
        let mut slot = vec![0xff; response.encoded_len()];
        response.write(VECTOR_ID, PASSWORD, &mut slot);
        let message = Message::parse(&slot).unwrap();
        message.check_integrity(PASSWORD).unwrap();
        assert_eq!(message.transaction_id(), VECTOR_ID);
        assert_eq!(message.xor_mapped_address(), address);
        assert_eq!(message.error_code(), code);
    }
}

#[test]
fn a_420_names_what_was_not_understood() {
    let mut unknown = UnknownAttributes::default();
    for kind in [0x7001, 0x7002, 0x7003] {
        unknown.push(kind);
    }
    let response = Response::UnknownAttribute(unknown);
    let mut slot = vec![0xff; response.encoded_len()];
    response.write(VECTOR_ID, PASSWORD, &mut slot);
    let expected = bytes("00090004 00000414 000a0006 7001 7002 7003 0000");
    assert_eq!(&slot[20..40], expected);
}

#[test]
fn our_requests_say_what_they_were_told() {
    for (use_candidate, role) in [(true, Role::Controlling(7)), (false, Role::Controlled(9))] {
        let request = Request {
            username: ("local", "them"),
            priority: 77,
            use_candidate,
            role,
        };
        let mut slot = vec![0xff; request.encoded_len()];
        request.write(VECTOR_ID, PASSWORD, &mut slot);
        let message = Message::parse(&slot).unwrap();
        message.check_integrity(PASSWORD).unwrap();
        assert_eq!(message.username(), Some(("local", "them")));
        assert_eq!(message.priority(), Some(77));
        assert_eq!(message.use_candidate(), use_candidate);
        assert_eq!(message.ice_controlling().is_some(), use_candidate);
        assert_eq!(message.ice_controlled().is_some(), !use_candidate);
    }
}

#[test]
fn noise_never_panics_and_never_passes() {
    let mut rng = ChaCha20Rng::seed_from_u64(5769);
    let vectors = VECTORS.map(bytes);
    for round in 0..200_000_usize {
        let mut message = vectors[round % 3].clone();
        let original = message.clone();
        if round % 4 == 0 {
            message.truncate(20);
            message.resize(20 + 4 * (rng.next_u32() as usize % 100), 0);
            rng.fill_bytes(&mut message[20..]);
        }
        for _ in 0..rng.next_u32() % 6 {
            let at = rng.next_u32() as usize % message.len();
            message[at] = rng.next_u32().to_le_bytes()[0];
        }
        if round % 2 == 0 && message.len() >= 28 {
            refit(&mut message);
        }
        if accepted(&message) {
            assert_eq!(message, original, "round {round}");
        }
    }
}
