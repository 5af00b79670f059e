//! What the event WebSocket says, and to whom.

use serde::Serialize;
use sfu_proto::control::{SessionEnd, SessionPhase, SlotKind, SlotState};
use sfu_proto::ids::{MeetingId, ParticipantId};

use super::{MeetingView, ParticipantView, Role, SourceName};

/// An event on its way to the sockets of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    pub meeting: MeetingId,
    pub to: Audience,
    pub event: Event,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    Only(ParticipantId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    Welcome {
        participant_id: ParticipantId,
        meeting: MeetingView,
        core: CoreState,
    },
    Joined {
        participant: ParticipantView,
    },
    Left {
        participant_id: ParticipantId,
        reason: LeftReason,
    },
    Muted {
        participant_id: ParticipantId,
        source: SourceName,
        muted: bool,
        by: ParticipantId,
    },
    Live {
        participant_id: ParticipantId,
        source: SourceName,
        live: bool,
    },
    Role {
        participant_id: ParticipantId,
        role: Role,
    },
    /// Loudest first.
    Speaking {
        participant_ids: Vec<ParticipantId>,
    },
    /// The whole slot map of one session.
    Slots {
        session_id: String,
        slots: Vec<SlotView>,
    },
    Media {
        session_id: String,
        phase: MediaPhase,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    },
    Core {
        state: CoreState,
    },
    Ended {},
    Kicked {},
    Pong {},
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LeftReason {
    Left,
    Gone,
    Kicked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CoreState {
    Up,
    Down,
    /// All media sessions are gone.
    Restarted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaPhase {
    Checking,
    Handshaking,
    Open,
    Closed,
}

impl Event {
    pub fn media(session: sfu_proto::ids::SessionId, phase: SessionPhase) -> Self {
        let (phase, reason) = match phase {
            SessionPhase::Checking => (MediaPhase::Checking, None),
            SessionPhase::Handshaking => (MediaPhase::Handshaking, None),
            SessionPhase::Open => (MediaPhase::Open, None),
            SessionPhase::Closed(end) => (MediaPhase::Closed, Some(reason(end))),
        };
        Self::Media {
            session_id: session.to_string(),
            phase,
            reason,
        }
    }

    pub fn slots(session: sfu_proto::ids::SessionId, slots: &[SlotState]) -> Self {
        Self::Slots {
            session_id: session.to_string(),
            slots: slots.iter().map(SlotView::new).collect(),
        }
    }
}

const fn reason(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::Ordered => "ordered",
        SessionEnd::NeverConnected => "never-connected",
        SessionEnd::HandshakeFailed => "handshake-failed",
        SessionEnd::WrongFingerprint => "wrong-fingerprint",
        SessionEnd::ConsentExpired => "consent-expired",
        SessionEnd::ClosedByPeer => "closed-by-peer",
        SessionEnd::TakenOver => "taken-over",
        SessionEnd::WorkerFailed => "worker-failed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotView {
    pub mid: String,
    pub kind: &'static str,
    pub participant_id: Option<ParticipantId>,
    pub source: Option<SourceName>,
}

impl SlotView {
    fn new(slot: &SlotState) -> Self {
        Self {
            mid: slot.mid.as_str().to_owned(),
            kind: match slot.kind {
                SlotKind::Audio => "audio",
                SlotKind::Video => "video",
                SlotKind::Screen => "screen",
            },
            participant_id: slot.showing.map(|(participant, _)| participant),
            source: slot.showing.map(|(_, source)| source.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_spelt_as_the_contract_says() {
        let text = serde_json::to_string(&Event::Left {
            participant_id: ParticipantId(3),
            reason: LeftReason::Gone,
        })
        .unwrap();
        assert_eq!(
            text,
            r#"{"type":"left","participant_id":3,"reason":"gone"}"#
        );
        assert_eq!(
            serde_json::to_string(&Event::Ended {}).unwrap(),
            r#"{"type":"ended"}"#
        );
    }
}
