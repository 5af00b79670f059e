//! Sidecar to core.

use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::plan::{Fingerprint, IceCredentials, SessionPlan, Source};
use crate::ids::{Epoch, MeetingId, OperationId, ParticipantId, SessionId};

/// A frame from the sidecar.
#[expect(
    clippy::large_enum_variant,
    reason = "one is alive at a time, and nearly all are orders"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToCore {
    /// Must come first.
    Hello {
        version: u16,
    },
    Order(Order),
    /// Everything the core knows, answered by `FromCore::Snapshot`.
    Snapshot,
    /// All counters, answered by `FromCore::Counters`.
    Counters,
}

/// A command on a meeting. Repeating an order (same `operation`) repeats the answer and does
/// nothing else; an `epoch` below the highest seen is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub operation: OperationId,
    pub meeting: MeetingId,
    pub epoch: Epoch,
    pub command: Command,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Places the meeting on a worker. Opening an open meeting only raises its epoch.
    OpenMeeting,
    /// Ends all its sessions.
    CloseMeeting,
    /// A new transport for a participant. The participant's older sessions stay until this one's
    /// first media arrives (DESIGN D2). Answered by `Outcome::SessionOpened`.
    OpenSession {
        session: SessionId,
        plan: SessionPlan,
    },
    /// New ICE credentials on a live session; DTLS and SRTP stay. Answered by
    /// `Outcome::SessionOpened` with the new local credentials.
    RestartIce {
        session: SessionId,
        remote: IceCredentials,
    },
    CloseSession {
        session: SessionId,
    },
    /// A muted source is not forwarded, whatever the browser sends.
    Mute {
        participant: ParticipantId,
        source: Source,
        muted: bool,
    },
    /// Which videos the participant's page shows; `None` leaves the choice to the core.
    Watch {
        session: SessionId,
        wanted: Option<Vec<Wanted>>,
    },
}

/// A camera that a page shows, at this height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub participant: ParticipantId,
    pub height: u16,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Done,
    SessionOpened(SessionOpened),
    Refused(Refusal),
}

/// What the answer needs to say about our side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    pub ice: IceCredentials,
    pub fingerprint: Fingerprint,
    /// UDP host candidates, best first.
    pub candidates: Vec<SocketAddr>,
    /// One for each slot of the plan, in its order.
    pub slots: Vec<SlotSource>,
}

/// The one stream that a slot sends for the life of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSource {
    pub ssrc: u32,
    pub rtx_ssrc: u32,
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("the order carries epoch {got}, the meeting is at {current}")]
    OldEpoch { got: Epoch, current: Epoch },
    #[error("no such meeting on this node")]
    NoSuchMeeting,
    #[error("no such session on this node")]
    NoSuchSession,
    /// A limit of `limits.rs`, by name.
    #[error("this node is full: {limit}")]
    Full { limit: String },
    #[error("the plan cannot be carried out: {why}")]
    BadPlan { why: String },
}
