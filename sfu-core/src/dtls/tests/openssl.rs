//! OpenSSL as the client, over a real UDP socket on the loopback: another stack's flights, its
//! fragments and its exporter.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::super::certificate::fingerprint_of;
use super::super::{Certificate, DtlsInput, DtlsOutput, DtlsThread};
use sfu_proto::ids::SessionId;

fn openssl(directory: &Path, arguments: &str) -> std::io::Result<Output> {
    Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
}

#[test]
fn openssl_gets_the_same_keys_whole_or_in_small_pieces() {
    let directory = std::env::temp_dir().join(format!("dtls-openssl-{}", std::process::id()));
    if openssl(&std::env::temp_dir(), "version").is_err() {
        println!("skipped: no `openssl` on this machine");
        return;
    }
    std::fs::create_dir_all(&directory).unwrap();
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=client \
                -days 2 -keyout key.pem -out certificate.pem";
    assert!(openssl(&directory, make).unwrap().status.success());
    let der = openssl(&directory, "x509 -in certificate.pem -outform der").unwrap();
    for more in ["", " -mtu 260"] {
        shake_hands(&directory, &der.stdout, more);
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

fn shake_hands(directory: &Path, client_certificate: &[u8], more: &str) {
    let (outputs, received) = std::sync::mpsc::channel();
    let deliver = move |_: usize, output| drop(outputs.send(output));
    let certificate = Certificate::generate().unwrap();
    let (_thread, sender) = DtlsThread::start(certificate, deliver).unwrap();
    let session = SessionId(1);
    let remote = fingerprint_of(client_certificate);
    let open = DtlsInput::Open {
        session,
        worker: 0,
        remote,
    };
    sender.try_send(open).unwrap();

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    let arguments = format!(
        "s_client -dtls1_2 -connect {} -cert certificate.pem -key key.pem \
         -use_srtp SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM \
         -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen 56{more}",
        socket.local_addr().unwrap(),
    );
    let directory = directory.to_owned();
    let client = std::thread::spawn(move || openssl(&directory, &arguments).unwrap());

    let (mut keys, mut closed, mut peer) = (None, false, None);
    let mut buffer = [0; 2_048];
    let give_up = Instant::now() + Duration::from_secs(20);
    while !closed && Instant::now() < give_up {
        if let Ok((len, from)) = socket.recv_from(&mut buffer) {
            peer = Some(from);
            let bytes = buffer[..len].to_vec();
            sender
                .try_send(DtlsInput::Records { session, bytes })
                .unwrap();
        }
        for output in received.try_iter() {
            match output {
                DtlsOutput::Records { bytes, .. } => {
                    // The client may be gone before our last word.
                    let _sent = socket.send_to(&bytes, peer.unwrap());
                }
                DtlsOutput::Keys {
                    profile, keying, ..
                } => keys = Some((profile, keying)),
                DtlsOutput::Closed { .. } => closed = true,
                DtlsOutput::Failed { why, .. } => panic!("{why}"),
            }
        }
    }
    let said = client.join().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let (profile, keying) = keys.unwrap_or_else(|| panic!("no keys; openssl said: {said}"));
    let hex: String = keying.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(profile.id(), 7);
    assert!(said.contains("profile=SRTP_AEAD_AES_128_GCM"), "{said}");
    assert!(said.contains(&hex), "other keys than {hex}: {said}");
    assert!(closed, "its close_notify was not heard: {said}");
}
