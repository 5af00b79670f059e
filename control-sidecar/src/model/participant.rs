//! Somebody in a meeting. The id is counted within the meeting, from 1.

use serde::{Deserialize, Serialize};
use sfu_proto::control::Source;
use sfu_proto::ids::{MeetingId, ParticipantId};

use super::{Timestamp, TokenHash};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub meeting: MeetingId,
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub join_at: Timestamp,
    pub leave_at: Option<Timestamp>,
    pub muted: Muted,
    pub token: TokenHash,
}

impl Participant {
    pub const fn is_present(&self) -> bool {
        self.leave_at.is_none()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Host,
    Participant,
    /// Watches only; never the host.
    Viewer,
}

/// Sources that are not forwarded, whatever the browser sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    pub audio: bool,
    pub camera: bool,
    pub screen: bool,
}

impl Muted {
    /// On joining: a screen is shown only after it has been started.
    pub const ON_JOIN: Self = Self {
        audio: false,
        camera: false,
        screen: true,
    };

    pub const fn get(self, source: Source) -> bool {
        match source {
            Source::Audio => self.audio,
            Source::Camera => self.camera,
            Source::Screen => self.screen,
        }
    }

    pub const fn set(&mut self, source: Source, muted: bool) {
        match source {
            Source::Audio => self.audio = muted,
            Source::Camera => self.camera = muted,
            Source::Screen => self.screen = muted,
        }
    }
}

/// A source, as the API spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceName {
    Audio,
    Camera,
    Screen,
}

impl From<Source> for SourceName {
    fn from(source: Source) -> Self {
        match source {
            Source::Audio => Self::Audio,
            Source::Camera => Self::Camera,
            Source::Screen => Self::Screen,
        }
    }
}

impl From<SourceName> for Source {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::Audio => Self::Audio,
            SourceName::Camera => Self::Camera,
            SourceName::Screen => Self::Screen,
        }
    }
}
