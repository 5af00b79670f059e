//! The trees of the store and what their keys are. All numbers in keys are big-endian, so that
//! keys sort as the numbers do.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// meeting id
    Meeting,
    /// meeting code → meeting id
    MeetingCode,
    /// meeting id ‖ participant id
    Participant,
    /// hash of the session token
    Token,
    /// session id
    MediaSession,
    /// meeting id ‖ session id, for sessions that are not closed
    MeetingSession,
    /// sequence
    Outbox,
    /// hash of tenant, route and idempotency key
    Idempotency,
    /// time of writing ‖ key of the idempotency row
    IdempotencyAge,
    /// name of the fact
    Node,
}

impl Tree {
    pub const ALL: [Self; 10] = [
        Self::Meeting,
        Self::MeetingCode,
        Self::Participant,
        Self::Token,
        Self::MediaSession,
        Self::MeetingSession,
        Self::Outbox,
        Self::Idempotency,
        Self::IdempotencyAge,
        Self::Node,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Meeting => "meeting",
            Self::MeetingCode => "meeting_code",
            Self::Participant => "participant",
            Self::Token => "token",
            Self::MediaSession => "media_session",
            Self::MeetingSession => "meeting_session",
            Self::Outbox => "outbox",
            Self::Idempotency => "idempotency",
            Self::IdempotencyAge => "idempotency_age",
            Self::Node => "node",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
