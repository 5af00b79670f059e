//! Flights that get lost and flights that come twice (RFC 6347 §4.2.4).

use super::super::{Certificate, DtlsInput, DtlsOutput};
use super::wire::{GCM128, World, client, connect, exported};
use sfu_proto::dtls::handshake::{HELLO_VERIFY_REQUEST, SERVER_HELLO};
use sfu_proto::dtls::{ContentType, Fragment, Records};
use sfu_proto::ids::SessionId;
use sfu_proto::srtp::Profile;

/// The type of the first message of a datagram; 0 for ChangeCipherSpec.
fn first_message(datagram: &[u8]) -> u8 {
    let record = Records::new(datagram).next().unwrap();
    match record.content_type {
        ContentType::Handshake => Fragment::split_first(record.fragment).unwrap().0.kind,
        _ => 0,
    }
}

#[tokio::test]
async fn each_of_our_flights_is_sent_again_when_it_was_lost() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    for (number, lost) in (0..).zip([HELLO_VERIFY_REQUEST, SERVER_HELLO, 0]) {
        let mut drops = 3;
        let wire = world.open(number, certificate.fingerprint());
        let (socket, mut events) = wire.plug(move |datagram| {
            let is_lost = drops > 0 && first_message(datagram) == lost;
            drops -= u8::from(is_lost);
            !is_lost
        });
        let client = connect(socket, client(&certificate, &[GCM128]))
            .await
            .unwrap();
        assert_eq!(
            events.keys().await,
            (Profile::AeadAes128Gcm, exported(&client, 56).await)
        );
        // The session has outlived the repetitions.
        client.close().await.unwrap();
        let session = SessionId(number);
        assert_eq!(events.next().await, DtlsOutput::Closed { session });
    }
}

#[tokio::test]
async fn a_repeated_hello_gets_the_same_answer() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let mut wire = world.open(1, certificate.fingerprint());
    let hello = super::hostile::good_hello(&[]);
    wire.send(hello.clone());
    let first = wire.next().await;
    wire.send(hello);
    assert_eq!(first, wire.next().await);
    world.send(DtlsInput::Close {
        session: wire.session,
    });
    world.wait_for_no_tasks().await;
}

#[tokio::test]
async fn no_datagram_of_ours_is_longer_than_the_limit() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let wire = world.open(1, certificate.fingerprint());
    let (socket, mut events) = wire.plug(|datagram| {
        assert!(datagram.len() <= sfu_proto::limits::HANDSHAKE_DATAGRAM_BYTES_MAX);
        true
    });
    connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    events.keys().await;
}
