use sfu_proto::dtls::handshake::HEADER_BYTES;

use super::super::tests::hostile::{good_hello, message_record};
use super::*;

/// The second hello is the first with a cookie put in: version, random and session id before it.
fn second_hello(cookie: &[u8]) -> Vec<u8> {
    let first = good_hello(&[]);
    let body = &first[record::HEADER_BYTES + HEADER_BYTES..];
    let length = u8::try_from(cookie.len()).unwrap();
    let body = [&body[..35], &[length], cookie, &body[36..]].concat();
    message_record(1, 1, &body)
}

fn early(content_type: u8, epoch: u8, length: u8) -> Vec<u8> {
    let mut bytes = vec![
        content_type,
        0xfe,
        0xfd,
        0,
        epoch,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        length,
    ];
    bytes.resize(bytes.len() + usize::from(length), 0);
    bytes
}

#[test]
fn a_hello_goes_on_once_and_its_repetition_is_told() {
    let mut inbound = Inbound::default();
    let taken = inbound.take(&good_hello(&[]), None);
    assert_eq!(
        (taken.start_with, taken.records.len()),
        (Some(Profile::AeadAes128Gcm), 1)
    );
    let again = inbound.take(&good_hello(&[]), None);
    assert!(again.is_repetition && again.records.is_empty());
}

#[test]
fn only_the_second_hello_with_our_cookie_goes_on() {
    let mut inbound = Inbound::default();
    inbound.take(&good_hello(&[]), None);
    for (cookie, ours) in [(&[1; 20], None), (&[1; 20], Some([2; 20]))] {
        let ours = ours.as_ref().map(<[u8; 20]>::as_slice);
        assert_eq!(inbound.take(&second_hello(cookie), ours), Taken::default());
    }
    let mut other_random = second_hello(&[2; 20]);
    other_random[record::HEADER_BYTES + HEADER_BYTES + 5] ^= 1;
    let taken = inbound.take(&other_random, Some(&[2; 20]));
    assert_eq!(taken, Taken::default());
    let taken = inbound.take(&second_hello(&[2; 20]), Some(&[2; 20]));
    assert_eq!((taken.start_with, taken.records.len()), (None, 1));
}

#[test]
fn a_refused_hello_leaves_room_for_a_good_one() {
    let mut inbound = Inbound::default();
    let cut_short = good_hello(&[0]);
    assert_eq!(inbound.take(&cut_short, None), Taken::default());
    assert_eq!(inbound.refused(), Some(&DtlsFailure::BadClientHello));
    assert_eq!(
        inbound.take(&good_hello(&[]), None).start_with,
        Some(Profile::AeadAes128Gcm)
    );
}

/// Both hellos and a ClientKeyExchange.
fn after_key_exchange() -> Inbound {
    let mut inbound = Inbound::default();
    inbound.take(&good_hello(&[]), None);
    inbound.take(&second_hello(&[2; 20]), Some(&[2; 20]));
    let key_exchange = message_record(CLIENT_KEY_EXCHANGE, 2, &[0; 33]);
    assert_eq!(inbound.take(&key_exchange, None).records.len(), 1);
    inbound
}

#[test]
fn records_that_cannot_be_opened_yet_are_bounded() {
    let mut inbound = after_key_exchange();
    let mut passed = 0;
    for _ in 0..1_000 {
        for mut bytes in [early(22, 1, 40), early(21, 1, 40), early(20, 0, 1)] {
            *bytes.last_mut().unwrap() = 1;
            passed += inbound.take(&bytes, None).records.len();
        }
    }
    assert_eq!(passed, EARLY_RECORDS_MAX);
}

#[test]
fn a_last_flight_that_overtakes_goes_on_after_the_messages() {
    let mut inbound = Inbound::default();
    for _ in 0..1_000 {
        let forged = inbound.take(&early(22, 1, 40), None);
        assert_eq!(forged, Taken::default());
    }
    inbound.take(&good_hello(&[]), None);
    inbound.take(&second_hello(&[2; 20]), Some(&[2; 20]));
    let mut change = early(20, 0, 1);
    change[13] = 1;
    let last_flight = [change, early(22, 1, 41)].concat();
    assert_eq!(inbound.take(&last_flight, None), Taken::default());
    let key_exchange = message_record(CLIENT_KEY_EXCHANGE, 2, &[0; 33]);
    let passed = inbound.take(&key_exchange, None).records;
    let kinds: Vec<_> = passed.iter().map(|bytes| (bytes[0], bytes.len())).collect();
    assert_eq!(kinds[0].0, 22);
    assert_eq!(kinds[kinds.len() - 2..], [(20, 14), (22, 13 + 41)]);
    assert_eq!(kinds.len(), 1 + OVERTAKING_RECORDS_MAX);
}

#[test]
fn what_no_handshake_needs_never_goes_on() {
    for (content_type, epoch, length) in [
        (21, 0, 2),  // an alert that anyone could have written
        (23, 0, 40), // application data in the clear
        (23, 1, 40), // and sealed
        (20, 1, 1),  // ChangeCipherSpec of a later epoch
        (22, 2, 40), // an epoch that will never be
        (22, 1, 24), // too short to have been sealed
        (20, 0, 2),  // not a ChangeCipherSpec
    ] {
        let bytes = early(content_type, epoch, length);
        let mut inbound = Inbound::default();
        assert_eq!(
            inbound.take(&bytes, None),
            Taken::default(),
            "{content_type} {epoch}"
        );
        let record = Records::new(&bytes).next().unwrap();
        assert_ne!(sort_late(&record), Late::Pass, "{content_type} {epoch}");
    }
}

#[test]
fn messages_go_on_in_records_of_our_own() {
    let mut inbound = Inbound::default();
    let mut next = inbound.take(&good_hello(&[]), None).records;
    next.extend(
        inbound
            .take(&second_hello(&[2; 20]), Some(&[2; 20]))
            .records,
    );
    let sequences = next
        .iter()
        .map(|bytes| Records::new(bytes).next().unwrap().sequence);
    assert!(sequences.eq(0..2));
}
