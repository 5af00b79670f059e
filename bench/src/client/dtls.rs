//! The client's side of a DTLS 1.2 handshake that agrees on SRTP keys (RFC 5764), by the `dtls`
//! crate. It ends with the keys: the connection is dropped without a close_notify, which would end
//! the session.

use std::net::SocketAddr;
use std::sync::Arc;

use ::dtls::cipher_suite::CipherSuiteId;
use ::dtls::config::{Config, ExtendedMasterSecretType};
use ::dtls::conn::DTLSConn;
use ::dtls::crypto::Certificate;
use ::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use ring::digest;
use sfu_proto::srtp::{KeyingMaterial, Profile};
use tokio::sync::{Mutex, mpsc};
use webrtc_util::{Conn, Error, KeyingMaterialExporter as _};

/// RFC 5764 §4.2.
const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";
/// Best first; servers that go by the client's order find the fast one there.
const PROFILES: [Profile; 2] = [Profile::AeadAes128Gcm, Profile::Aes128CmSha1_80];

pub type Fingerprint = [u8; 32];

/// Who we are to every server: one certificate for all participants, since only its fingerprint,
/// which each offer carries, tells anything (RFC 8827 §6.5).
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    fingerprint: Fingerprint,
}

impl Identity {
    pub fn generate() -> anyhow::Result<Self> {
        // The engine builds a TLS verifier that it never asks, and that panics if the process links
        // two crypto providers and has chosen none. Whoever has chosen already has chosen well.
        let _chosen_already = rustls::crypto::ring::default_provider().install_default();
        let certificate = Certificate::generate_self_signed(vec!["bench.invalid".to_owned()])
            .context("making the participants' certificate")?;
        let leaf = certificate.certificate.first();
        let fingerprint = fingerprint_of(leaf.map(AsRef::as_ref).unwrap_or_default());
        Ok(Self {
            certificate,
            fingerprint,
        })
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn config(&self, server: Fingerprint) -> Config {
        Config {
            certificates: vec![self.certificate.clone()],
            cipher_suites: vec![CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256],
            srtp_protection_profiles: PROFILES
                .map(|profile| SrtpProtectionProfile::from(profile.id()))
                .to_vec(),
            extended_master_secret: ExtendedMasterSecretType::Require,
            // Whom the certificate names does not matter, only what it hashes to.
            insecure_skip_verify: true,
            verify_peer_certificate: Some(Arc::new(move |certificates, _| {
                let leaf = certificates.first().map(Vec::as_slice).unwrap_or_default();
                if fingerprint_of(leaf) == server {
                    Ok(())
                } else {
                    Err(::dtls::Error::ErrInvalidCertificate)
                }
            })),
            server_name: "server.invalid".to_owned(),
            ..Config::default()
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate's DER bytes (RFC 8122 §5).
fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    let digest = digest::digest(&digest::SHA256, certificate);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref()); // SHA-256 is 32 bytes long
    bytes
}

/// Shakes hands over `pipe`; the caller moves the datagrams meanwhile.
pub async fn handshake(
    identity: &Identity,
    server: Fingerprint,
    pipe: Pipe,
) -> anyhow::Result<KeyingMaterial> {
    let connection = DTLSConn::new(Arc::new(pipe), identity.config(server), true, None)
        .await
        .map_err(|error| match error {
            ::dtls::Error::ErrInvalidCertificate => {
                anyhow!("the server's certificate is not the one of its answer")
            }
            other => anyhow!("the DTLS handshake failed: {other}"),
        })?;
    let chosen = connection.selected_srtpprotection_profile() as u16;
    let profile = Profile::from_id(chosen)
        .filter(|profile| PROFILES.contains(profile))
        .ok_or_else(|| anyhow!("the server agreed on no SRTP profile (it chose {chosen})"))?;
    let state = connection.connection_state().await;
    let exported = state
        .export_keying_material(EXPORTER_LABEL, &[], profile.keying_len())
        .await
        .map_err(|error| anyhow!("the DTLS engine gives no keys: {error}"))?;
    KeyingMaterial::from_exporter(profile, &exported)
        .ok_or_else(|| anyhow!("the DTLS engine gives {} bytes of keys", exported.len()))
}

/// Datagrams waiting on either side: two flights.
const DATAGRAMS_MAX: usize = 16;

/// The engine's socket, which is none: the engine keeps tasks that outlive the handshake for a
/// moment, and the true socket must be gone when the keys are there.
#[derive(Debug)]
pub struct Pipe {
    received: Mutex<mpsc::Receiver<Vec<u8>>>,
    sent: mpsc::Sender<Vec<u8>>,
}

/// The other end of a [`Pipe`].
#[derive(Debug)]
pub struct PipeEnd {
    /// Takes what the server has sent.
    pub received: mpsc::Sender<Vec<u8>>,
    /// Gives what the server shall get.
    pub sent: mpsc::Receiver<Vec<u8>>,
}

pub fn pipe() -> (Pipe, PipeEnd) {
    let (to_engine, received) = mpsc::channel(DATAGRAMS_MAX);
    let (sent, from_engine) = mpsc::channel(DATAGRAMS_MAX);
    let pipe = Pipe {
        received: Mutex::new(received),
        sent,
    };
    let end = PipeEnd {
        received: to_engine,
        sent: from_engine,
    };
    (pipe, end)
}

#[async_trait]
impl Conn for Pipe {
    async fn connect(&self, _: SocketAddr) -> Result<(), Error> {
        Ok(())
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let Some(datagram) = self.received.lock().await.recv().await else {
            // The handshake is over. An error would make the engine ask again at once, for ever.
            return std::future::pending().await;
        };
        let room = buffer
            .get_mut(..datagram.len())
            .ok_or(Error::ErrBufferShort)?;
        room.copy_from_slice(&datagram);
        Ok(datagram.len())
    }

    async fn recv_from(&self, _: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        Err(Error::ErrAddrNotUdpAddr)
    }

    async fn send(&self, datagram: &[u8]) -> Result<usize, Error> {
        // Full or closed is a datagram lost; DTLS repeats it.
        let _ = self.sent.try_send(datagram.to_vec());
        Ok(datagram.len())
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
