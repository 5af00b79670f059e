//! Core to sidecar.

use serde::{Deserialize, Serialize};

use super::command::{Outcome, SlotSource};
use super::plan::{Mid, SlotKind, Source};
use crate::ids::{Epoch, MeetingId, OperationId, ParticipantId, SessionId};

/// A frame from the core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromCore {
    /// First frame. `boot` differs after every start of the core: sessions of an older boot are
    /// gone, and their media must be set up anew.
    Hello {
        version: u16,
        boot: u128,
    },
    Answer {
        operation: OperationId,
        outcome: Outcome,
    },
    Report(Report),
    Snapshot(Snapshot),
    /// `(name, value)`, names as Prometheus wants them, labels included.
    Counters(Vec<(String, u64)>),
}

/// A fact that the sidecar did not ask for. A sidecar that was away learns the sum of what it
/// missed from the `Snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    Session {
        meeting: MeetingId,
        session: SessionId,
        participant: ParticipantId,
        phase: SessionPhase,
    },
    /// The whole slot map of one session, after a change.
    Slots {
        meeting: MeetingId,
        session: SessionId,
        participant: ParticipantId,
        slots: Vec<SlotState>,
    },
    /// A source's media began or ended.
    Published {
        meeting: MeetingId,
        participant: ParticipantId,
        source: Source,
        live: bool,
    },
    /// Who speaks now, loudest first; empty in silence.
    Speaking {
        meeting: MeetingId,
        participants: Vec<ParticipantId>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPhase {
    /// Waiting for the first ICE check.
    Checking,
    /// ICE has passed, DTLS runs.
    Handshaking,
    /// Media flows.
    Open,
    Closed(SessionEnd),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEnd {
    /// The sidecar said so.
    Ordered,
    /// No ICE check came in time (`limits::CHECKING_TIME_MAX`).
    NeverConnected,
    /// The DTLS handshake failed or took too long.
    HandshakeFailed,
    /// The certificate does not hash to the fingerprint of the offer.
    WrongFingerprint,
    /// RFC 7675: no consent for `limits::CONSENT_TIME_MAX`.
    ConsentExpired,
    /// The far side said goodbye (DTLS close_notify).
    ClosedByPeer,
    /// The worker that carried it has failed.
    WorkerFailed,
    /// The participant's newer session has taken over.
    TakenOver,
}

/// What a slot carries now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotState {
    pub mid: Mid,
    pub kind: SlotKind,
    /// Whose media and which; `None` while it is empty.
    pub showing: Option<(ParticipantId, Source)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub meetings: Vec<MeetingState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingState {
    pub meeting: MeetingId,
    pub epoch: Epoch,
    pub sessions: Vec<SessionState>,
    pub muted: Vec<(ParticipantId, Source)>,
    pub live: Vec<(ParticipantId, Source)>,
    pub speaking: Vec<ParticipantId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    pub session: SessionId,
    pub participant: ParticipantId,
    pub phase: SessionPhase,
    pub slots: Vec<SlotState>,
    pub sources: Vec<SlotSource>,
}
