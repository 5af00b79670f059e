//! Handshakes that go well, and those that end for a reason the session must hear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use dtls::config::ExtendedMasterSecretType;

use sfu_proto::srtp::Profile;

use super::super::thread::Settings;
use super::super::{Certificate, DtlsFailure, DtlsInput, DtlsOutput, DtlsThread};
use super::wire::{
    GCM128, GCM256, PANICS_AT_KEYS, PATIENCE, SHA1, World, client, connect, exported,
};
use sfu_proto::control::Fingerprint;
use sfu_proto::ids::SessionId;

#[tokio::test]
async fn our_best_profile_wins_and_both_sides_have_the_same_keys() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let cases: [(&[_], Profile, usize); 5] = [
        (&[SHA1, GCM256, GCM128], Profile::AeadAes128Gcm, 56),
        (&[GCM128], Profile::AeadAes128Gcm, 56),
        (&[SHA1, GCM256], Profile::AeadAes256Gcm, 88),
        (&[GCM256], Profile::AeadAes256Gcm, 88),
        (&[SHA1], Profile::Aes128CmSha1_80, 60),
    ];
    for (number, (offered, profile, length)) in (0..).zip(cases) {
        let wire = world.open(number, certificate.fingerprint());
        let (socket, mut events) = wire.plug(|_| true);
        let client = connect(socket, client(&certificate, offered))
            .await
            .unwrap();
        let keys = events.keys().await;
        assert_eq!(keys, (profile, exported(&client, length).await));
        assert_eq!(
            client.selected_srtpprotection_profile() as u16,
            profile.id()
        );
    }
}

#[tokio::test]
async fn the_client_sees_the_certificate_of_our_fingerprint() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let wire = world.open(1, certificate.fingerprint());
    let (socket, _events) = wire.plug(|_| true);
    let client = connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    let seen = client.connection_state().await.peer_certificates;
    let seen = super::super::certificate::fingerprint_of(&seen[0]);
    assert_eq!(seen, world.fingerprint);
}

#[tokio::test]
async fn another_certificate_than_the_offers_gets_no_keys() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let mut wrong = certificate.fingerprint();
    wrong.0[0] ^= 1;
    let (socket, mut events) = world.open(1, wrong).plug(|_| true);
    assert!(
        connect(socket, client(&certificate, &[GCM128]))
            .await
            .is_err()
    );
    assert_eq!(events.failure().await, DtlsFailure::WrongFingerprint);
    world.wait_for_no_tasks().await;
}

#[tokio::test]
async fn no_certificate_gets_no_keys() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let (socket, mut events) = world.open(1, certificate.fingerprint()).plug(|_| true);
    let mut config = client(&certificate, &[GCM128]);
    config.certificates.clear();
    assert!(connect(socket, config).await.is_err());
    assert_eq!(events.failure().await, DtlsFailure::NoClientCertificate);
}

/// Such a ClientHello could be anyone's: it is not answered, and the time-out tells the reason.
#[tokio::test]
async fn a_hello_that_we_do_not_take_is_the_reason_of_the_time_out() {
    let world = World::with(Settings {
        time_max: Duration::from_millis(300),
        handshakes_max: 256,
    });
    let certificate = Certificate::generate().unwrap();
    let mut no_secret = client(&certificate, &[GCM128]);
    no_secret.extended_master_secret = ExtendedMasterSecretType::Disable;
    let mut old_suite = client(&certificate, &[GCM128]);
    old_suite.cipher_suites =
        vec![dtls::cipher_suite::CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_256_Cbc_Sha];
    let cases = [
        (client(&certificate, &[]), DtlsFailure::NoSrtpProfile),
        (no_secret, DtlsFailure::NoExtendedMasterSecret),
        (old_suite, DtlsFailure::NoCommonCipherSuite),
    ];
    for (number, (config, why)) in (0..).zip(cases) {
        let wire = world.open(number, certificate.fingerprint());
        let answers = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&answers);
        let (socket, mut events) = wire.plug(move |_| counted.fetch_add(1, Relaxed) < 100);
        let connecting = tokio::spawn(connect(socket, config));
        assert_eq!(events.failure().await, why);
        assert_eq!(
            answers.load(Relaxed),
            0,
            "a hello that is not taken was answered"
        );
        connecting.abort();
    }
    let (_socket, mut events) = world.open(9, certificate.fingerprint()).plug(|_| true);
    assert_eq!(events.failure().await, DtlsFailure::TimedOut);
}

#[tokio::test]
async fn the_clients_close_is_heard_and_ours_is_told() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let (socket, mut events) = world.open(1, certificate.fingerprint()).plug(|_| true);
    let first = connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    events.keys().await;
    first.close().await.unwrap();
    assert_eq!(
        events.next().await,
        DtlsOutput::Closed {
            session: SessionId(1)
        }
    );
    world.wait_for_no_tasks().await;

    let (socket, mut events) = world.open(2, certificate.fingerprint()).plug(|_| true);
    let second = connect(socket, client(&certificate, &[GCM128]))
        .await
        .unwrap();
    events.keys().await;
    world.send(DtlsInput::Close {
        session: SessionId(2),
    });
    let mut buffer = [0; 100];
    assert!(second.read(&mut buffer, Some(PATIENCE)).await.is_err());
    world.wait_for_no_tasks().await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn a_hundred_at_once_all_get_keys_and_leave_nothing_behind() {
    let world = World::new();
    let certificate = Arc::new(Certificate::generate().unwrap());
    let mut connecting = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (socket, mut events) = world.open(number, certificate.fingerprint()).plug(|_| true);
        let certificate = Arc::clone(&certificate);
        connecting.spawn(async move {
            let client = connect(socket, client(&certificate, &[SHA1, GCM128]))
                .await
                .unwrap();
            assert_eq!(
                events.keys().await,
                (Profile::AeadAes128Gcm, exported(&client, 56).await)
            );
            client
        });
    }
    let clients = connecting.join_all().await;
    assert_eq!(clients.len(), 100);
    for number in 0..100 {
        world.send(DtlsInput::Close {
            session: SessionId(number),
        });
    }
    world.wait_for_no_tasks().await;
}

/// Above the limit a hello is dropped; the client's repetition finds room.
#[tokio::test]
async fn handshakes_above_the_limit_wait_for_their_turn() {
    let world = World::with(Settings {
        time_max: PATIENCE,
        handshakes_max: 1,
    });
    let certificate = Arc::new(Certificate::generate().unwrap());
    let mut connecting = tokio::task::JoinSet::new();
    for number in 0..4 {
        let (socket, mut events) = world.open(number, certificate.fingerprint()).plug(|_| true);
        let certificate = Arc::clone(&certificate);
        connecting.spawn(async move {
            let client = connect(socket, client(&certificate, &[GCM128]))
                .await
                .unwrap();
            events.keys().await;
            client
        });
    }
    assert_eq!(connecting.join_all().await.len(), 4);
}

#[tokio::test]
async fn closing_in_the_middle_leaves_nothing_behind() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    let (closer, sender) = (SessionId(1), world.sender.clone());
    // The client hears HelloVerifyRequest and nothing more.
    let mut datagrams = 0;
    let (socket, events) = world.open(1, certificate.fingerprint()).plug(move |_| {
        datagrams += 1;
        if datagrams == 2 {
            sender
                .try_send(DtlsInput::Close { session: closer })
                .unwrap();
        }
        datagrams < 2
    });
    let connecting = tokio::spawn(connect(socket, client(&certificate, &[GCM128])));
    while world.thread.runtime.metrics().num_alive_tasks() == 0 {
        tokio::task::yield_now().await;
    }
    world.wait_for_no_tasks().await;
    assert!(events.is_empty());
    connecting.abort();
}

#[tokio::test]
async fn a_session_that_panics_fails_alone() {
    let world = World::new();
    let certificate = Certificate::generate().unwrap();
    for (number, panics) in [(1, false), (PANICS_AT_KEYS, true), (2, false)] {
        let (socket, mut events) = world.open(number, certificate.fingerprint()).plug(|_| true);
        let _client = connect(socket, client(&certificate, &[GCM128]))
            .await
            .unwrap();
        if panics {
            assert_eq!(events.failure().await, DtlsFailure::Panicked);
        } else {
            events.keys().await;
        }
    }
    for number in [1, 2] {
        world.send(DtlsInput::Close {
            session: SessionId(number),
        });
    }
    world.wait_for_no_tasks().await;
}

#[test]
fn a_full_thread_says_so_and_never_blocks() {
    let certificate = Certificate::generate().unwrap();
    let (block, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let settings = Settings {
        time_max: Duration::ZERO,
        handshakes_max: 1,
    };
    // The first failure holds the thread until the test lets it go.
    let deliver = move |_: usize, _: DtlsOutput| {
        let _let_go = blocked.lock().unwrap().recv();
    };
    let (thread, sender) =
        DtlsThread::start_with(settings, certificate, Arc::new(deliver)).unwrap();
    let mut refused = 0;
    for number in 0..20_000 {
        let open = DtlsInput::Open {
            session: SessionId(number),
            worker: 0,
            remote: Fingerprint([0; 32]),
        };
        refused += usize::from(sender.try_send(open).is_err());
    }
    assert!(refused > 0);
    drop((block, sender));
    thread.join().unwrap();
}
