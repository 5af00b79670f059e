//! The certificate that we show to every browser: self-signed, one per process. Its fingerprint goes
//! into each answer (RFC 8122); nothing else about it is looked at.

use ring::digest;
use sfu_proto::control::Fingerprint;

/// No key or certificate could be made: the system's random source failed.
#[derive(Debug, thiserror::Error)]
#[error("the DTLS certificate could not be made ({0}): is the system's random source working?")]
pub struct CertificateError(String);

/// ECDSA on P-256, which every WebRTC client takes (RFC 8827 §6.5).
pub struct Certificate {
    pub(super) inner: dtls::crypto::Certificate,
}

impl Certificate {
    pub fn generate() -> Result<Self, CertificateError> {
        // The name says nothing of the host: anyone who joins can read it.
        dtls::crypto::Certificate::generate_self_signed(vec!["sfu.invalid".to_owned()])
            .map(|inner| Self { inner })
            .map_err(|error| CertificateError(error.to_string()))
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let leaf = self.inner.certificate.first();
        fingerprint_of(leaf.map(AsRef::as_ref).unwrap_or_default())
    }
}

impl core::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate's DER bytes (RFC 8122 §5).
pub(super) fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    let digest = digest::digest(&digest::SHA256, certificate);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref()); // SHA-256 is 32 bytes long
    Fingerprint(bytes)
}

/// Compares in constant time.
pub(super) fn is_same(a: &Fingerprint, b: &Fingerprint) -> bool {
    let difference = a.0.iter().zip(&b.0).fold(0, |all, (a, b)| all | (a ^ b));
    core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_the_sha_256_of_the_der_bytes() {
        // FIPS 180-4, the "abc" example.
        let abc = fingerprint_of(b"abc");
        assert_eq!(abc.0[..4], [0xba, 0x78, 0x16, 0xbf]);
        let certificate = Certificate::generate().unwrap();
        let der = certificate.inner.certificate[0].as_ref();
        assert_eq!(certificate.fingerprint(), fingerprint_of(der));
    }

    #[test]
    fn one_bit_makes_another_fingerprint() {
        let mut other = fingerprint_of(b"abc");
        assert!(is_same(&other, &fingerprint_of(b"abc")));
        other.0[31] ^= 0x80;
        assert!(!is_same(&other, &fingerprint_of(b"abc")));
    }
}
