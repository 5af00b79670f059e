//! Why a verb was refused: whose fault it is and what to do.

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
    Unavailable { lacking: Lacking, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What there is none of at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// Room: a limit is reached.
    Room,
    /// The media core: it is down, or starts.
    Core,
    /// Time: something else is under way.
    Time,
}

impl Lacking {
    /// Seconds after which trying again is worth while: the core restarts in less than two.
    pub const fn retry_after_seconds(self) -> u32 {
        match self {
            Self::Room => 30,
            Self::Core => 2,
            Self::Time => 1,
        }
    }
}

impl ServiceError {
    pub fn unavailable(lacking: Lacking, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Unavailable { lacking, why }
    }
}
