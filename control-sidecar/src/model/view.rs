//! What the API shows of meetings and participants.

use serde::Serialize;
use sfu_proto::control::Source;
use sfu_proto::ids::ParticipantId;

use super::{Meeting, MeetingStatus, Muted, Participant, Role};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingView {
    pub meeting_id: String,
    pub title: String,
    pub status: MeetingStatus,
    pub created_at: String,
    pub host_id: Option<ParticipantId>,
    pub join_url: String,
    pub participants: Vec<ParticipantView>,
}

impl MeetingView {
    pub fn new(meeting: &Meeting, participants: Vec<ParticipantView>) -> Self {
        Self {
            meeting_id: meeting.code.to_string(),
            title: meeting.title.clone(),
            status: meeting.status,
            created_at: meeting.created_at.to_string(),
            host_id: meeting.host,
            join_url: format!("/m/{}", meeting.code),
            participants,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParticipantView {
    pub participant_id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub join_at: String,
    pub muted: Muted,
    pub live: LiveSources,
}

impl ParticipantView {
    pub fn new(participant: &Participant, live: LiveSources) -> Self {
        Self {
            participant_id: participant.id,
            name: participant.name.clone(),
            role: participant.role,
            join_at: participant.join_at.to_string(),
            muted: participant.muted,
            live,
        }
    }
}

/// Sources whose media arrives at the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiveSources {
    pub audio: bool,
    pub camera: bool,
    pub screen: bool,
}

impl LiveSources {
    pub const fn set(&mut self, source: Source, live: bool) {
        match source {
            Source::Audio => self.audio = live,
            Source::Camera => self.camera = live,
            Source::Screen => self.screen = live,
        }
    }
}

/// The answer of `join`. The URLs are paths on this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinView {
    pub participant: ParticipantView,
    pub token: String,
    pub expires_at: String,
    pub media_url: String,
    pub events_url: String,
    pub ice_servers: [(); 0],
    pub meeting: MeetingView,
}
