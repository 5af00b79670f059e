//! Create and end.

use sfu_proto::control::Command;
use sfu_proto::ids::Epoch;

use super::{Caller, ServiceError, participants, placing};
use crate::model::{Audience, Event, Meeting, MeetingCode, MeetingStatus, random};
use crate::store::Tx;

const TITLE_CHARS_MAX: usize = 200;

pub fn create(tx: &mut Tx<'_>, title: Option<&str>) -> Result<Meeting, ServiceError> {
    let title = title.unwrap_or_default().trim();
    if title.chars().count() > TITLE_CHARS_MAX || title.chars().any(char::is_control) {
        return Err(ServiceError::Invalid(format!(
            "title: at most {TITLE_CHARS_MAX} characters, none of them control characters"
        )));
    }
    let code = loop {
        let code = MeetingCode::fresh();
        if tx.meeting_by_code(&code)?.is_none() {
            break code;
        }
    };
    let meeting = Meeting {
        id: random::meeting_id(),
        code,
        title: title.to_owned(),
        status: MeetingStatus::Open,
        created_at: tx.now(),
        host: None,
        sharer: None,
        present: 0,
        last_participant: 0,
        epoch: Epoch(0),
        placed: false,
    };
    tx.put_meeting(&meeting)?;
    Ok(meeting)
}

/// Ends the meeting for everyone; no token of it holds afterwards.
pub fn end(tx: &mut Tx<'_>, caller: &Caller) -> Result<(), ServiceError> {
    caller.require_host()?;
    let mut meeting = caller.meeting.clone();
    for participant in tx.present(meeting.id)? {
        participants::withdraw(tx, participant)?;
    }
    if meeting.placed {
        placing::order(tx, &meeting, Command::CloseMeeting)?;
    }
    meeting.status = MeetingStatus::Ended;
    meeting.host = None;
    meeting.sharer = None;
    meeting.present = 0;
    meeting.placed = false;
    tx.put_meeting(&meeting)?;
    tx.announce(meeting.id, Audience::Everyone, Event::Ended {});
    Ok(())
}
