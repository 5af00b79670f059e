//! HTTPS for the LAN: browsers give cameras only to secure pages. The certificate is self-signed,
//! so they warn once; it is kept in the data directory, so that they warn only once.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;

use crate::model::Timestamp;

/// Some browsers refuse certificates that hold longer than 398 days, even trusted ones.
const LIFETIME: Duration = Duration::from_secs(397 * 86_400);
/// Made anew this long before it expires.
const RENEWAL: Duration = Duration::from_secs(30 * 86_400);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: {error}. The data directory must be writable")]
    File { path: String, error: std::io::Error },
    #[error("the certificate was not made: {0}")]
    Making(#[from] rcgen::Error),
    #[error("the certificate is not usable: {0}. Delete the tls folder of the data directory")]
    Using(#[from] rustls::Error),
    #[error("the certificate does not read: {0}. Delete the tls folder of the data directory")]
    Reading(#[from] rustls::pki_types::pem::Error),
}

/// What a certificate is for. It is made anew when it lacks a name that we have now, not when we have
/// lost one: a cable pulled out is no reason for browsers to warn again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Purpose {
    names: Vec<String>,
    expires_at: Timestamp,
}

/// The acceptor for these addresses, with the certificate kept in `folder` if it still fits.
pub fn acceptor(
    folder: &Path,
    addresses: &[IpAddr],
    now: Timestamp,
) -> Result<TlsAcceptor, TlsError> {
    let mut names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    names.push("localhost".into());
    names.sort();
    names.dedup();
    if !fits(folder, &names, now) {
        make(folder, names, now)?;
    }
    let certificate = read(folder, "certificate.pem")?;
    let key = read(folder, "key.pem")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&certificate)?],
            PrivateKeyDer::from_pem_slice(&key)?,
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn fits(folder: &Path, names: &[String], now: Timestamp) -> bool {
    let purpose = fs::read(folder.join("purpose.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<Purpose>(&text).ok());
    purpose.is_some_and(|purpose| {
        names.iter().all(|name| purpose.names.contains(name))
            && now.after(RENEWAL) < purpose.expires_at
    })
}

/// Writes key and certificate, and last what they are for: without it they do not fit.
fn make(folder: &Path, names: Vec<String>, now: Timestamp) -> Result<(), TlsError> {
    let expires_at = now.after(LIFETIME);
    let mut params = CertificateParams::new(names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Millrace on this network");
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    // An hour early, for clients whose clocks are behind.
    let begins = Duration::from_millis(now.0).saturating_sub(Duration::from_secs(3_600));
    params.not_before = epoch + begins;
    params.not_after = epoch + Duration::from_millis(expires_at.0);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
    write(folder, "key.pem", key.serialize_pem().as_bytes())?;
    write(folder, "certificate.pem", certificate.pem().as_bytes())?;
    let purpose = Purpose { names, expires_at };
    // A list of strings and a number always make JSON.
    write(
        folder,
        "purpose.json",
        &serde_json::to_vec(&purpose).unwrap_or_default(),
    )
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, TlsError> {
    let path = folder.join(name);
    fs::read(&path).map_err(|error| file_error(&path, error))
}

/// Whole or not at all, readable by us alone.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), TlsError> {
    let path = folder.join(name);
    let draft = folder.join(format!("{name}.new"));
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, &path));
    written.map_err(|error| file_error(&path, error))
}

fn file_error(path: &Path, error: std::io::Error) -> TlsError {
    TlsError::File {
        path: path.display().to_string(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_stays_while_it_covers_what_we_are() {
        let folder = tempfile::tempdir().unwrap();
        let made = |addresses: &[IpAddr], now| {
            acceptor(folder.path(), addresses, now).unwrap();
            fs::read(folder.path().join("certificate.pem")).unwrap()
        };
        let now = Timestamp(1_800_000_000_000);
        let here = ["192.0.2.1".parse().unwrap(), "192.0.2.9".parse().unwrap()];
        let first = made(&here, now);
        assert_eq!(made(&here, now.after(Duration::from_secs(86_400))), first);
        assert_eq!(made(&here[..1], now), first);
        let moved = made(&["192.0.2.2".parse().unwrap()], now);
        assert_ne!(moved, first);
        let late = now.after(LIFETIME - RENEWAL);
        assert_ne!(made(&["192.0.2.2".parse().unwrap()], late), moved);
    }
}
