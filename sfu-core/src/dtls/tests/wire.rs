//! A handshake thread, clients, and the wire between them, where a test may drop datagrams.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use dtls::config::{Config, ExtendedMasterSecretType};
use dtls::conn::DTLSConn;
use dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use sfu_proto::control::Fingerprint;
use sfu_proto::ids::SessionId;
use sfu_proto::srtp::Profile;
use tokio::sync::mpsc;
use tokio::time::timeout;
use webrtc_util::{Conn, Error, KeyingMaterialExporter};

use super::super::thread::Settings;
use super::super::{Certificate, DtlsFailure, DtlsInput, DtlsOutput, DtlsSender, DtlsThread};

pub(super) const SHA1: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;
pub(super) const GCM128: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
pub(super) const GCM256: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm;

/// Far longer than anything here takes; a test that needs it has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A session whose keys make the worker's side panic.
pub(super) const PANICS_AT_KEYS: u128 = 666;

type Ends = Arc<Mutex<HashMap<SessionId, mpsc::UnboundedSender<DtlsOutput>>>>;

pub(super) struct World {
    pub(super) thread: DtlsThread,
    pub(super) sender: DtlsSender,
    pub(super) fingerprint: Fingerprint,
    ends: Ends,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Settings {
            time_max: PATIENCE,
            handshakes_max: 256,
        })
    }

    pub(super) fn with(settings: Settings) -> Self {
        let certificate = Certificate::generate().unwrap();
        let fingerprint = certificate.fingerprint();
        let ends = Ends::default();
        let deliver = {
            let ends = Arc::clone(&ends);
            move |worker: usize, output: DtlsOutput| {
                let session = session_of(&output);
                assert_eq!(worker, worker_of(session));
                let is_keys = matches!(output, DtlsOutput::Keys { .. });
                assert!(!is_keys || session.0 != PANICS_AT_KEYS, "made by the test");
                let end = ends.lock().unwrap().get(&session).cloned();
                let _gone = end.unwrap().send(output);
            }
        };
        let (thread, sender) =
            DtlsThread::start_with(settings, certificate, Arc::new(deliver)).unwrap();
        Self {
            thread,
            sender,
            fingerprint,
            ends,
        }
    }

    /// Opens a session and gives the client's end of its wire.
    pub(super) fn open(&self, number: u128, remote: Fingerprint) -> Wire {
        let session = SessionId(number);
        let (end, outputs) = mpsc::unbounded_channel();
        self.ends.lock().unwrap().insert(session, end);
        self.send(DtlsInput::Open {
            session,
            worker: worker_of(session),
            remote,
        });
        Wire {
            session,
            sender: self.sender.clone(),
            outputs,
        }
    }

    pub(super) fn send(&self, input: DtlsInput) {
        self.sender.try_send(input).unwrap();
    }

    /// Waits until the thread has worked off all that it was given before: it takes inputs in
    /// order and its tasks in turn.
    pub(super) async fn settle(&self, number: u128) {
        for number in [number, number + 1] {
            let mut wire = self.open(number, self.fingerprint);
            wire.send(super::hostile::good_hello(&[]));
            wire.next().await;
            self.send(DtlsInput::Close {
                session: wire.session,
            });
        }
    }

    /// Waits until nothing runs on the thread but its main loop.
    pub(super) async fn wait_for_no_tasks(&self) {
        let none = async {
            while self.thread.runtime.metrics().num_alive_tasks() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, none).await.expect("a task has leaked");
    }
}

fn worker_of(session: SessionId) -> usize {
    usize::try_from(session.0 % 3).unwrap()
}

fn session_of(output: &DtlsOutput) -> SessionId {
    match output {
        DtlsOutput::Records { session, .. }
        | DtlsOutput::Keys { session, .. }
        | DtlsOutput::Failed { session, .. }
        | DtlsOutput::Closed { session } => *session,
    }
}

/// A client's end.
pub(super) struct Wire {
    pub(super) session: SessionId,
    sender: DtlsSender,
    pub(super) outputs: mpsc::UnboundedReceiver<DtlsOutput>,
}

impl Wire {
    pub(super) fn send(&self, bytes: Vec<u8>) {
        let session = self.session;
        let _full = self.sender.try_send(DtlsInput::Records { session, bytes });
    }

    pub(super) async fn next(&mut self) -> DtlsOutput {
        let next = timeout(PATIENCE, self.outputs.recv()).await;
        next.expect("nothing came").expect("the thread is gone")
    }

    /// Puts a `dtls` client on the wire. `passes` sees each datagram from the server and says
    /// whether it arrives.
    pub(super) fn plug(
        mut self,
        mut passes: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> (Arc<ClientSocket>, Events) {
        let (records, received) = mpsc::unbounded_channel();
        let (events, other) = mpsc::unbounded_channel();
        let socket = ClientSocket {
            session: self.session,
            sender: self.sender.clone(),
            received: tokio::sync::Mutex::new(received),
        };
        tokio::spawn(async move {
            while let Some(output) = self.outputs.recv().await {
                match output {
                    DtlsOutput::Records { bytes, .. } if passes(&bytes) => {
                        let _gone = records.send(bytes);
                    }
                    DtlsOutput::Records { .. } => {}
                    event => {
                        let _gone = events.send(event);
                    }
                }
            }
        });
        (Arc::new(socket), Events { other })
    }
}

/// All but records.
pub(super) struct Events {
    other: mpsc::UnboundedReceiver<DtlsOutput>,
}

impl Events {
    pub(super) async fn next(&mut self) -> DtlsOutput {
        let next = timeout(PATIENCE, self.other.recv()).await;
        next.expect("nothing came").expect("the thread is gone")
    }

    pub(super) async fn keys(&mut self) -> (Profile, Vec<u8>) {
        match self.next().await {
            DtlsOutput::Keys {
                profile, keying, ..
            } => (profile, keying),
            other => panic!("no keys but {other:?}"),
        }
    }

    pub(super) async fn failure(&mut self) -> DtlsFailure {
        match self.next().await {
            DtlsOutput::Failed { why, .. } => why,
            other => panic!("no failure but {other:?}"),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.other.is_empty()
    }
}

/// The client's socket.
pub(super) struct ClientSocket {
    session: SessionId,
    sender: DtlsSender,
    received: tokio::sync::Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
}

impl ClientSocket {
    pub(super) fn inject(&self, bytes: Vec<u8>) {
        let session = self.session;
        let _full = self.sender.try_send(DtlsInput::Records { session, bytes });
    }
}

#[async_trait]
impl Conn for ClientSocket {
    async fn connect(&self, _: SocketAddr) -> Result<(), Error> {
        Ok(())
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let Some(bytes) = self.received.lock().await.recv().await else {
            return std::future::pending().await;
        };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    async fn recv_from(&self, _: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        Err(Error::ErrAddrNotUdpAddr)
    }

    async fn send(&self, bytes: &[u8]) -> Result<usize, Error> {
        self.inject(bytes.to_vec());
        Ok(bytes.len())
    }

    async fn send_to(&self, _: &[u8], _: SocketAddr) -> Result<usize, Error> {
        Err(Error::ErrAddrNotUdpAddr)
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        Err(Error::ErrAddrNotUdpAddr)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}

/// A client as a browser would configure it.
pub(super) fn client(certificate: &Certificate, profiles: &[SrtpProtectionProfile]) -> Config {
    Config {
        certificates: vec![certificate.inner.clone()],
        srtp_protection_profiles: profiles.to_vec(),
        extended_master_secret: ExtendedMasterSecretType::Require,
        insecure_skip_verify: true,
        server_name: "sfu.invalid".to_owned(),
        flight_interval: Duration::from_millis(100),
        ..Config::default()
    }
}

pub(super) async fn connect(
    socket: Arc<ClientSocket>,
    config: Config,
) -> Result<DTLSConn, dtls::Error> {
    let connecting = DTLSConn::new(socket, config, true, None);
    timeout(PATIENCE, connecting)
        .await
        .expect("the client waits for ever")
}

/// What the client draws from its exporter.
pub(super) async fn exported(client: &DTLSConn, length: usize) -> Vec<u8> {
    let state = client.connection_state().await;
    let label = "EXTRACTOR-dtls_srtp";
    state
        .export_keying_material(label, &[], length)
        .await
        .unwrap()
}
