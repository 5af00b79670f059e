//! What anyone who can send from a session's address may try (attacks D-01 to D-06).

use std::time::Duration;

use super::super::{Certificate, DtlsOutput};
use super::wire::{GCM128, PATIENCE, World, client, connect};
use sfu_proto::dtls::{ContentType, record};
use sfu_proto::ids::SessionId;

fn u16_list(numbers: &[u16]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length[..], &bytes].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [&kind.to_be_bytes()[..], &length, data].concat()
}

/// A first ClientHello that we take, in one datagram, with more extensions if asked for.
pub(in crate::dtls) fn good_hello(more: &[u8]) -> Vec<u8> {
    let extensions = [
        extension(23, &[]),
        extension(10, &u16_list(&[0x1d])),
        extension(14, &[u16_list(&[1, 7]), vec![0]].concat()),
        more.to_vec(),
    ]
    .concat();
    let extensions_length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
    let mut body = vec![0xfe, 0xfd];
    body.extend([7; 32]);
    body.extend([0, 0]);
    body.extend(u16_list(&[0xc02b]));
    body.extend([1, 0]);
    body.extend(extensions_length);
    body.extend(extensions);
    message_record(1, 0, &body)
}

pub(in crate::dtls) fn message_record(kind: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
    let length = &u32::try_from(body.len()).unwrap().to_be_bytes()[1..];
    let head = [&[kind], length, &[0, sequence, 0, 0, 0], length].concat();
    record::plaintext(ContentType::Handshake, 0, &[&head, body].concat()).unwrap()
}

fn sealed(content_type: u8, epoch: u8, sequence: u8, length: u8) -> Vec<u8> {
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
        9,
        sequence,
        0,
        length,
    ];
    bytes.resize(bytes.len() + usize::from(length), 0xcc);
    bytes
}

/// Everything that the engine by itself would stumble over.
fn garbage() -> Vec<Vec<u8>> {
    let mut all = vec![
        vec![],
        vec![22],
        vec![0xff; 1_200],
        vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
        // Alerts anyone could write: close_notify, handshake_failure.
        record::plaintext(ContentType::Alert, 900, &[1, 0]).unwrap(),
        record::plaintext(ContentType::Alert, 901, &[2, 40]).unwrap(),
        record::plaintext(ContentType::Alert, 902, &[2]).unwrap(),
        // Application data in the clear.
        record::plaintext(ContentType::ApplicationData, 903, b"hello").unwrap(),
        record::plaintext(ContentType::ChangeCipherSpec, 904, &[7]).unwrap(),
        // ClientHellos: foreign, cut short within its extensions, NULL cipher, wrong cookie.
        good_hello(&extension(0x1234, &[1, 2, 3])),
        good_hello(&[0]),
        good_hello(&[0xff, 0x01, 0xff]),
        message_record(1, 0, &[0xfe; 10]),
        message_record(1, 1, &[0xfe; 60]),
        message_record(11, 0, &[0; 40]),
        // A zero-length piece of a long message; one that lies about its length.
        record::plaintext(
            ContentType::Handshake,
            0,
            &[11, 0, 9, 0, 0, 2, 0, 0, 0, 0, 0, 0],
        )
        .unwrap(),
        record::plaintext(
            ContentType::Handshake,
            0,
            &[11, 0, 0, 1, 0, 2, 0, 0, 0, 0, 9, 0, 1],
        )
        .unwrap(),
        message_record(20, 7, &[0; 12]),
    ];
    for length in [0, 1, 8, 9, 16, 23, 24, 25, 60] {
        for (content_type, epoch) in [(20, 1), (21, 1), (22, 1), (23, 1), (22, 2), (21, 9)] {
            all.push(sealed(content_type, epoch, length, length));
        }
    }
    all
}

#[tokio::test]
async fn garbage_before_and_after_ends_nothing() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let wire = world.open(1, certificate.fingerprint());
    for bytes in garbage()
        .into_iter()
        .filter(|bytes| !starts_a_handshake(bytes))
    {
        wire.send(bytes);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.settle(200).await;
    let (socket, mut events) = wire.plug(|_| true);
    let injecting = std::sync::Arc::clone(&socket);
    let client = connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    events.keys().await;
    for bytes in garbage() {
        injecting.inject(bytes);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.settle(100).await;
    assert!(events.is_empty(), "the session was torn down");
    client.close().await.unwrap();
    let session = SessionId(1);
    assert_eq!(events.next().await, DtlsOutput::Closed { session });
    world.wait_for_no_tasks().await;
}

/// A hello that would be taken makes its sender the client; what it can do is another test's matter.
fn starts_a_handshake(bytes: &[u8]) -> bool {
    *bytes == good_hello(&extension(0x1234, &[1, 2, 3]))
}

/// Between each two flights: it may cost repetitions, but not the handshake.
#[tokio::test]
async fn garbage_during_the_handshake_ends_nothing() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let wire = world.open(1, certificate.fingerprint());
    let (sender, session) = (world.sender.clone(), wire.session);
    // Our answers to rubbish would call for more of it, for ever.
    let mut rounds = 6;
    let (socket, mut events) = wire.plug(move |_| {
        if rounds > 0 {
            rounds -= 1;
            for bytes in garbage() {
                let records = super::super::DtlsInput::Records { session, bytes };
                let _full = sender.try_send(records);
            }
        }
        true
    });
    let client = connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    events.keys().await;
    // The rubbish has filled the session's queue: let it run dry, or our close is lost in it.
    world.settle(100).await;
    assert!(events.is_empty());
    client.close().await.unwrap();
    assert_eq!(events.next().await, DtlsOutput::Closed { session });
}

#[tokio::test]
async fn a_storm_of_repetitions_is_answered_a_bounded_number_of_times() {
    let world = World::new();
    let mut wire = world.open(1, sfu_proto::control::Fingerprint([0; 32]));
    wire.send(good_hello(&[]));
    wire.next().await;
    let started = std::time::Instant::now();
    for _ in 0..20_000 {
        wire.send(good_hello(&[]));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut answers = 0;
    while wire.outputs.try_recv().is_ok() {
        answers += 1;
    }
    let possible = started.elapsed().as_millis() / 20 + 1;
    assert!(answers >= 1);
    assert!(
        answers <= possible,
        "{answers} answers in {possible} intervals"
    );
    assert!(world.sender.dropped() > 0, "the session's queue has no end");
    assert!(started.elapsed() < PATIENCE);
}
