//! The session token that `join` gives: 256 random bits. The store keeps only its hash.

use core::fmt;
use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use sfu_proto::ids::{MeetingId, ParticipantId};

use super::{Timestamp, random};

#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// A working day: pages are not logged out in the middle of a meeting.
    pub const LIFETIME: Duration = Duration::from_secs(12 * 3_600);
    const TEXT_BYTES: usize = 43;

    pub fn fresh() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }

    /// `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let plausible = text.len() == Self::TEXT_BYTES
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        plausible.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A plain hash is enough: nobody guesses 256 random bits.
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        TokenHash(hash)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

/// Whose token it is and how long it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub meeting: MeetingId,
    pub participant: ParticipantId,
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_never_prints() {
        let token = SessionToken::fresh();
        assert_eq!(SessionToken::parse(token.as_str()), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.as_str()));
        assert_eq!(SessionToken::parse("short"), None);
        assert_eq!(SessionToken::parse(&"!".repeat(43)), None);
    }
}
