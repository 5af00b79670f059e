//! AES-GCM as RFC 5116 §5 has it, over either library: the one interface that `aes_gcm` and the
//! self-test of [`CryptoBackend`] use. A key keeps its schedule; nothing allocates after it is made.

use super::backend::CryptoBackend;
use super::profile::GCM_TAG_BYTES;
use crate::dropped::Dropped;

pub(super) const NONCE_BYTES: usize = 12;

/// A wrong length is all that the libraries refuse a key for, and here it stands in the type.
const KEY_FITS: &str = "the key has the length of its algorithm";

#[expect(
    clippy::large_enum_variant,
    reason = "a box would put a pointer between a packet and its key schedule"
)]
pub(super) enum AeadKey {
    Ring(ring::aead::LessSafeKey),
    AwsLc(aws_lc_rs::aead::LessSafeKey),
}

impl AeadKey {
    pub(super) fn aes_128(crypto: CryptoBackend, key: &[u8; 16]) -> Self {
        match crypto {
            CryptoBackend::Ring => Self::ring(&ring::aead::AES_128_GCM, key),
            CryptoBackend::AwsLc => Self::aws_lc(&aws_lc_rs::aead::AES_128_GCM, key),
        }
    }

    pub(super) fn aes_256(crypto: CryptoBackend, key: &[u8; 32]) -> Self {
        match crypto {
            CryptoBackend::Ring => Self::ring(&ring::aead::AES_256_GCM, key),
            CryptoBackend::AwsLc => Self::aws_lc(&aws_lc_rs::aead::AES_256_GCM, key),
        }
    }

    fn ring(algorithm: &'static ring::aead::Algorithm, key: &[u8]) -> Self {
        use ring::aead::{LessSafeKey, UnboundKey};
        let key = UnboundKey::new(algorithm, key).expect(KEY_FITS);
        Self::Ring(LessSafeKey::new(key))
    }

    fn aws_lc(algorithm: &'static aws_lc_rs::aead::Algorithm, key: &[u8]) -> Self {
        use aws_lc_rs::aead::{LessSafeKey, UnboundKey};
        let key = UnboundKey::new(algorithm, key).expect(KEY_FITS);
        Self::AwsLc(LessSafeKey::new(key))
    }

    /// Seals `text` in place and writes its tag.
    #[inline]
    pub(super) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        text: &mut [u8],
        tag: &mut [u8; GCM_TAG_BYTES],
    ) -> Result<(), Dropped> {
        // Both refuse only texts beyond 2^36 bytes.
        match self {
            Self::Ring(key) => {
                use ring::aead::{Aad, Nonce};
                let nonce = Nonce::assume_unique_for_key(nonce);
                let sealed = key
                    .seal_in_place_separate_tag(nonce, Aad::from(associated), text)
                    .map_err(|_| Dropped::Malformed)?;
                tag.copy_from_slice(sealed.as_ref());
                Ok(())
            }
            Self::AwsLc(key) => {
                use aws_lc_rs::aead::{Aad, Nonce};
                let nonce = Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_scatter(nonce, Aad::from(associated), text, &[], tag)
                    .map_err(|_| Dropped::Malformed)
            }
        }
    }

    /// Opens `text` in place, if tag and associated data are those it was sealed with.
    #[inline]
    pub(super) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        text: &mut [u8],
        tag: &[u8; GCM_TAG_BYTES],
    ) -> Result<(), Dropped> {
        let opened = match self {
            Self::Ring(key) => {
                use ring::aead::{Aad, Nonce};
                let nonce = Nonce::assume_unique_for_key(nonce);
                let aad = Aad::from(associated);
                key.open_in_place_separate_tag(nonce, aad, (*tag).into(), text, 0..)
                    .is_ok()
            }
            Self::AwsLc(key) => {
                use aws_lc_rs::aead::{Aad, Nonce};
                let nonce = Nonce::assume_unique_for_key(nonce);
                let aad = Aad::from(associated);
                key.open_in_place_separate_tag(nonce, aad, tag, text)
                    .is_ok()
            }
        };
        if opened {
            Ok(())
        } else {
            Err(Dropped::SrtpBadTag)
        }
    }
}
