//! Why a verb was refused: whose fault it is and what to do.

use core::time::Duration;

use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    #[error("the session token is missing, unknown or expired: join the meeting to get one")]
    Unauthorized,
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the meeting has ended")]
    Ended,
    #[error("{0}")]
    Invalid(String),
    #[error("this Idempotency-Key was used for another request: take a fresh key for each one")]
    KeyReused,
    #[error("an ICE restart needs If-Match with the session's ETag, or *")]
    PreconditionRequired,
    #[error("If-Match names another state of the session than the present one")]
    PreconditionFailed,
    #[error("{why}: try again later")]
    Unavailable { why: String, retry_after: Duration },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    pub fn unavailable(why: impl Into<String>, retry_after_seconds: u64) -> Self {
        Self::Unavailable {
            why: why.into(),
            retry_after: Duration::from_secs(retry_after_seconds),
        }
    }
}
