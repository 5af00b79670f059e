//! A transport of a participant, as the control plane remembers it. What it does at this moment
//! (its phase, its slots) is the core's to say and lives in memory: `node::live`.

use serde::{Deserialize, Serialize};
use sfu_proto::control::IceCredentials;
use sfu_proto::ids::{MeetingId, ParticipantId, SessionId};

use super::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSession {
    pub session: SessionId,
    pub meeting: MeetingId,
    pub participant: ParticipantId,
    pub state: MediaState,
    pub created_at: Timestamp,
    /// The far side's: a fragment that carries others restarts ICE.
    pub remote: IceCredentials,
    /// Counts ICE restarts; part of the ETag (RFC 9725 §4.3.1).
    pub ice_generation: u32,
}

impl MediaSession {
    pub fn etag(&self) -> String {
        // Eight digits of the session keep the tag from matching that of another session.
        format!("\"{:08x}-{}\"", self.session.0 >> 96, self.ice_generation)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaState {
    /// The order is on its way to the core.
    Opening,
    /// The core has it.
    Open,
    Closed,
}
