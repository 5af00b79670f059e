//! The DTLS 1.2 server, from the `dtls` crate: configured with what we allow and nothing else.
//! What it needs to be protected from stands in `inbound.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use dtls::cipher_suite::CipherSuiteId;
use dtls::config::{ClientAuthType, Config, ExtendedMasterSecretType};
use dtls::conn::DTLSConn;
use dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use sfu_proto::control::Fingerprint;
use sfu_proto::dtls::{handshake, record};
use sfu_proto::limits::{HANDSHAKE_DATAGRAM_BYTES_MAX, HANDSHAKE_MESSAGES_MAX};
use sfu_proto::srtp::Profile;
use tokio::sync::mpsc;
use webrtc_util::KeyingMaterialExporter;

use super::certificate::{fingerprint_of, is_same};
use super::failure::DtlsFailure;
use super::inbound::EARLY_RECORDS_MAX;
use super::outbound::Outbound;
use super::pipe::Pipe;

/// RFC 5764 §4.2.
const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";

/// Records waiting for the engine: all that `inbound` lets pass in one handshake, since a message
/// passes once only and must not be lost here.
const RECORDS_MAX: usize = 64;
const _: () = assert!(RECORDS_MAX >= EARLY_RECORDS_MAX + HANDSHAKE_MESSAGES_MAX as usize);

/// The engine counts neither record nor message header when it cuts a message into fragments.
const FRAGMENT_BYTES_MAX: usize =
    HANDSHAKE_DATAGRAM_BYTES_MAX - record::HEADER_BYTES - handshake::HEADER_BYTES;

type Connecting = dyn Future<Output = Result<DTLSConn, dtls::Error>> + Send;

/// A handshake under way.
pub(super) struct Handshaking {
    records: mpsc::Sender<Vec<u8>>,
    connecting: Pin<Box<Connecting>>,
    verdict: Arc<OnceLock<bool>>,
    profile: Profile,
}

impl Handshaking {
    pub(super) fn start(
        certificate: dtls::crypto::Certificate,
        remote: Fingerprint,
        profile: Profile,
        outbound: Arc<Outbound>,
    ) -> Self {
        let verdict = Arc::new(OnceLock::new());
        let config = config(certificate, remote, profile, Arc::clone(&verdict));
        let (records, receiver) = mpsc::channel(RECORDS_MAX);
        let pipe = Arc::new(Pipe::new(receiver, outbound));
        Self {
            records,
            connecting: Box::pin(DTLSConn::new(pipe, config, false, None)),
            verdict,
            profile,
        }
    }

    /// A record that has passed `inbound`. There is room: see `RECORDS_MAX`.
    pub(super) fn take(&self, record: Vec<u8>) {
        let _full = self.records.try_send(record);
    }

    /// Runs until the handshake has ended. May be dropped and called again.
    pub(super) async fn complete(&mut self) -> Result<Established, DtlsFailure> {
        let connection = self
            .connecting
            .as_mut()
            .await
            .map_err(|error| self.failure(&error))?;
        // The verdict is given only over a certificate whose key has signed the handshake.
        match self.verdict.get() {
            Some(true) => {}
            Some(false) => return Err(DtlsFailure::WrongFingerprint),
            None => return Err(DtlsFailure::NoClientCertificate),
        }
        if connection.selected_srtpprotection_profile() as u16 != self.profile.id() {
            return Err(DtlsFailure::NoSrtpProfile);
        }
        let keying = export(&connection, self.profile).await?;
        Ok(Established {
            records: self.records.clone(),
            connection,
            profile: self.profile,
            keying,
        })
    }

    fn failure(&self, error: &dtls::Error) -> DtlsFailure {
        match (self.verdict.get(), error) {
            (Some(false), _) => DtlsFailure::WrongFingerprint,
            (_, dtls::Error::ErrClientCertificateRequired) => DtlsFailure::NoClientCertificate,
            (_, error) => DtlsFailure::Engine(error.to_string()),
        }
    }
}

async fn export(connection: &DTLSConn, profile: Profile) -> Result<Vec<u8>, DtlsFailure> {
    let state = connection.connection_state().await;
    state
        .export_keying_material(EXPORTER_LABEL, &[], profile.keying_len())
        .await
        .map_err(|error| DtlsFailure::Engine(error.to_string()))
}

fn config(
    certificate: dtls::crypto::Certificate,
    remote: Fingerprint,
    profile: Profile,
    verdict: Arc<OnceLock<bool>>,
) -> Config {
    Config {
        certificates: vec![certificate],
        cipher_suites: vec![CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256],
        // Exactly one: of several, the engine would take the first in the client's order.
        srtp_protection_profiles: vec![SrtpProtectionProfile::from(profile.id())],
        client_auth: ClientAuthType::RequireAnyClientCert,
        extended_master_secret: ExtendedMasterSecretType::Require,
        // Whom the certificate names does not matter, only what it hashes to (RFC 8827 §6.5).
        insecure_skip_verify: true,
        verify_peer_certificate: Some(Arc::new(move |certificates, _| {
            let leaf = certificates.first().map(Vec::as_slice).unwrap_or_default();
            let is_right = is_same(&fingerprint_of(leaf), &remote);
            if *verdict.get_or_init(|| is_right) && is_right {
                Ok(())
            } else {
                Err(dtls::Error::ErrInvalidCertificate)
            }
        })),
        mtu: FRAGMENT_BYTES_MAX,
        ..Config::default()
    }
}

/// A handshake that gave keys. It lives on to read the client's close_notify and to send ours.
pub(super) struct Established {
    records: mpsc::Sender<Vec<u8>>,
    connection: DTLSConn,
    pub(super) profile: Profile,
    pub(super) keying: Vec<u8>,
}

impl Established {
    /// A sealed alert. A flood of forged ones may crowd out a true one; silence then ends the
    /// session (RFC 7675).
    pub(super) fn take(&self, record: Vec<u8>) {
        let _full = self.records.try_send(record);
    }

    /// Returns once the client has closed, by close_notify or a fatal alert. There is nothing else
    /// to read: no application data passes `inbound`.
    pub(super) async fn closed(&self) {
        let _end = self.connection.read(&mut [], None).await;
    }

    /// Tells the client that we close.
    pub(super) async fn close(&self) {
        let _gone = self.connection.close().await;
    }
}
