//! A meeting: the set of participants whose media is forwarded to each other.

use serde::{Deserialize, Serialize};
use sfu_proto::ids::{Epoch, MeetingId, ParticipantId};

use super::{MeetingCode, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub id: MeetingId,
    pub code: MeetingCode,
    pub title: String,
    pub status: MeetingStatus,
    pub created_at: Timestamp,
    pub host: Option<ParticipantId>,
    /// The one participant whose screen is shown.
    pub sharer: Option<ParticipantId>,
    /// Participants that have joined and not left.
    pub present: u32,
    /// Counts participants of all time, so that an id is never given twice.
    pub last_participant: u32,
    /// Rises each time the meeting is opened at a core (DESIGN D12).
    pub epoch: Epoch,
    /// Whether the core has been told to open it.
    pub placed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeetingStatus {
    Open,
    Ended,
}
