//! An answer kept for its repetition (DESIGN D11), and what it is the answer to.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// All of an HTTP answer that a repetition must give again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub body: String,
}

/// The row under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Hash of the request: body and caller.
    pub fingerprint: [u8; 32],
    pub created_at: Timestamp,
    /// The `Answer`, sealed with a key that only the caller's `Idempotency-Key` yields: answers
    /// carry session tokens, which the store must not hold in plain.
    pub sealed: String,
}
