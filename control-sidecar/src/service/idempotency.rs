//! Same key, same request: same answer (DESIGN D11).
//!
//! Answers carry session tokens, which the store must not hold in plain. So an answer is sealed
//! with a key derived from the caller's `Idempotency-Key`, of which the store holds only another
//! hash: who steals the store can open neither.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{Context, SHA256};

use super::ServiceError;
use crate::model::{Answer, Replay, TokenHash, random};
use crate::store::Tx;

/// What a request is known by, should it come again.
#[derive(Clone, Debug)]
pub struct Request {
    row: [u8; 32],
    sealing: [u8; 32],
    fingerprint: [u8; 32],
}

/// Without tenants of its own, a box has one.
const TENANT: &str = "default";

impl Request {
    /// The caller belongs to the request: nobody reads another's answer by guessing the key.
    pub fn new(route: &str, key: &str, caller: Option<TokenHash>, body: &[u8]) -> Self {
        let scope = [TENANT.as_bytes(), route.as_bytes(), key.as_bytes()];
        let caller = caller.map_or([0; 32], |hash| hash.0);
        Self {
            row: hash("row", &scope),
            sealing: hash("sealing", &scope),
            fingerprint: hash("request", &[&caller, body]),
        }
    }

    /// What the store knows its answer by.
    pub(super) const fn row(&self) -> [u8; 32] {
        self.row
    }

    /// The answer given before, if the request has come before.
    pub fn replay(&self, tx: &Tx<'_>) -> Result<Option<Answer>, ServiceError> {
        let Some(replay) = tx.replay(&self.row)? else {
            return Ok(None);
        };
        if replay.fingerprint != self.fingerprint {
            return Err(ServiceError::KeyReused);
        }
        self.unseal(&replay.sealed)
            .map(Some)
            .ok_or(ServiceError::KeyReused)
    }

    pub fn keep(&self, tx: &mut Tx<'_>, answer: &Answer) -> Result<(), ServiceError> {
        let replay = Replay {
            fingerprint: self.fingerprint,
            created_at: tx.now(),
            sealed: self.seal(answer),
        };
        tx.put_replay(&self.row, &replay)?;
        Ok(())
    }

    fn cipher(&self) -> LessSafeKey {
        // The key is 32 bytes, which is what the algorithm takes.
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.sealing).expect("32 bytes"))
    }

    fn seal(&self, answer: &Answer) -> String {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut sealed = serde_json::to_vec(answer).unwrap_or_default();
        self.cipher()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            // GCM seals anything up to 64 GB.
            .expect("an answer is short");
        STANDARD.encode([nonce.as_slice(), &sealed].concat())
    }

    fn unseal(&self, sealed: &str) -> Option<Answer> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let plain = self
            .cipher()
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::empty(),
                &mut sealed,
            )
            .ok()?;
        serde_json::from_slice(plain).ok()
    }
}

/// Hash of the parts, each with its length before it, so that no two lists run together.
fn hash(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in core::iter::once(&purpose.as_bytes()).chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_an_answer() {
        let request = Request::new("POST /x", "key", None, b"{}");
        let answer = Answer {
            status: 201,
            body: "secret".into(),
            ..Answer::default()
        };
        let sealed = request.seal(&answer);
        assert_eq!(request.unseal(&sealed), Some(answer));
        assert_eq!(
            Request::new("POST /x", "other", None, b"{}").unseal(&sealed),
            None
        );
        assert_eq!(
            Request::new("POST /y", "key", None, b"{}").unseal(&sealed),
            None
        );
        assert_eq!(request.unseal("AAAA"), None);
    }
}
