//! What a page says on its event socket.

use serde::Deserialize;
use sfu_proto::control::Wanted;
use sfu_proto::ids::ParticipantId;
use sfu_proto::limits::SLOTS_PER_SESSION_MAX;

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Request {
    /// The cameras that the page shows; `null` leaves the choice to the core.
    Watch {
        video: Option<Vec<Camera>>,
    },
    Ping,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Camera {
    participant_id: ParticipantId,
    height: u16,
}

impl Request {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let request = serde_json::from_str(text).ok()?;
        match &request {
            Self::Watch { video: Some(video) } if video.len() > SLOTS_PER_SESSION_MAX => None,
            _ => Some(request),
        }
    }
}

impl From<Camera> for Wanted {
    fn from(camera: Camera) -> Self {
        Self {
            participant: camera.participant_id,
            height: camera.height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_say_three_things() {
        assert_eq!(Request::parse(r#"{"type":"ping"}"#), Some(Request::Ping));
        assert_eq!(
            Request::parse(r#"{"type":"watch","video":null}"#),
            Some(Request::Watch { video: None })
        );
        assert_eq!(
            Request::parse(r#"{"type":"watch","video":[{"participant_id":2,"height":360}]}"#),
            Some(Request::Watch {
                video: Some(vec![Camera {
                    participant_id: ParticipantId(2),
                    height: 360
                }])
            })
        );
    }

    #[test]
    fn anything_else_is_nothing() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"dance"}"#,
            r#"{"type":"watch","video":3}"#,
        ] {
            assert_eq!(Request::parse(text), None, "{text}");
        }
        let many = vec![r#"{"participant_id":1,"height":1}"#; SLOTS_PER_SESSION_MAX + 1].join(",");
        assert_eq!(
            Request::parse(&format!(r#"{{"type":"watch","video":[{many}]}}"#)),
            None
        );
    }
}
