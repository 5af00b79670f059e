//! Join, leave, kick, and being gone.
//!
//! The first to join who is not a viewer is the host. A host who goes hands over to the one who
//! has been there longest; in an empty meeting the next to join is the host again.

use sfu_proto::control::{Command, Source};
use sfu_proto::ids::{MeetingId, ParticipantId};
use sfu_proto::limits::SESSIONS_PER_MEETING_MAX;

use super::{Caller, Lacking, ServiceError, placing, sessions, tokens};
use crate::model::{
    Audience, Event, LeftReason, LiveSources, Meeting, MeetingCode, Muted, Participant,
    ParticipantView, Role, SessionToken, Timestamp,
};
use crate::store::Tx;

const NAME_CHARS_MAX: usize = 64;

#[derive(Debug)]
pub struct Joined {
    pub meeting: Meeting,
    pub participant: Participant,
    pub token: SessionToken,
    pub expires_at: Timestamp,
}

pub fn join(
    tx: &mut Tx<'_>,
    code: &MeetingCode,
    name: &str,
    viewer: bool,
) -> Result<Joined, ServiceError> {
    let mut meeting = tokens::open_meeting(tx, code)?;
    let name = name.trim();
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        return Err(ServiceError::Invalid(format!(
            "name: 1 to {NAME_CHARS_MAX} characters, none of them control characters"
        )));
    }
    if meeting.present as usize >= SESSIONS_PER_MEETING_MAX {
        return Err(ServiceError::unavailable(
            Lacking::Room,
            "the meeting is full",
        ));
    }
    meeting.last_participant += 1;
    meeting.present += 1;
    let id = ParticipantId(meeting.last_participant);
    let role = match (viewer, meeting.host) {
        (true, _) => Role::Viewer,
        (false, None) => Role::Host,
        (false, Some(_)) => Role::Participant,
    };
    if role == Role::Host {
        meeting.host = Some(id);
    }
    let (token, row) = tokens::issue(tx, meeting.id, id)?;
    let participant = Participant {
        meeting: meeting.id,
        id,
        name: name.to_owned(),
        role,
        join_at: tx.now(),
        leave_at: None,
        muted: Muted::ON_JOIN,
        token: token.hash(),
    };
    tx.put_participant(&participant)?;
    tx.put_meeting(&meeting)?;
    if meeting.placed {
        placing::order_mutes(tx, &meeting, &participant)?;
    }
    let view = ParticipantView::new(&participant, LiveSources::default());
    tx.announce(
        meeting.id,
        Audience::Everyone,
        Event::Joined { participant: view },
    );
    Ok(Joined {
        meeting,
        participant,
        token,
        expires_at: row.expires_at,
    })
}

pub fn leave(tx: &mut Tx<'_>, caller: &Caller) -> Result<(), ServiceError> {
    depart(
        tx,
        caller.meeting.clone(),
        caller.participant.clone(),
        LeftReason::Left,
    )
}

pub fn kick(tx: &mut Tx<'_>, caller: &Caller, whom: ParticipantId) -> Result<(), ServiceError> {
    caller.require_host()?;
    if whom == caller.id() {
        return Err(ServiceError::Forbidden(
            "the host cannot kick themselves: leave, or end the meeting",
        ));
    }
    let participant = find(tx, caller.meeting.id, whom)?;
    tx.announce(caller.meeting.id, Audience::Only(whom), Event::Kicked {});
    depart(tx, caller.meeting.clone(), participant, LeftReason::Kicked)
}

/// Nothing has been heard of the participant for too long. Nobody asked, so one who has left
/// meanwhile is no error.
pub fn expire(
    tx: &mut Tx<'_>,
    meeting: MeetingId,
    participant: ParticipantId,
) -> Result<(), ServiceError> {
    let (Some(meeting), Ok(participant)) = (tx.meeting(meeting)?, find(tx, meeting, participant))
    else {
        return Ok(());
    };
    depart(tx, meeting, participant, LeftReason::Gone)
}

/// A present participant of the meeting.
pub(super) fn find(
    tx: &Tx<'_>,
    meeting: MeetingId,
    participant: ParticipantId,
) -> Result<Participant, ServiceError> {
    tx.participant(meeting, participant)?
        .filter(Participant::is_present)
        .ok_or(ServiceError::NotFound("participant in this meeting"))
}

fn depart(
    tx: &mut Tx<'_>,
    mut meeting: Meeting,
    participant: Participant,
    reason: LeftReason,
) -> Result<(), ServiceError> {
    let id = participant.id;
    for session in tx.open_sessions(Some(meeting.id))? {
        if session.participant == id {
            sessions::order_close(tx, &meeting, session)?;
        }
    }
    withdraw(tx, participant)?;
    meeting.present = meeting.present.saturating_sub(1);
    if meeting.sharer == Some(id) {
        meeting.sharer = None;
    }
    tx.announce(
        meeting.id,
        Audience::Everyone,
        Event::Left {
            participant_id: id,
            reason,
        },
    );
    if meeting.host == Some(id) {
        hand_over(tx, &mut meeting)?;
    }
    if meeting.present == 0 && meeting.placed {
        placing::order(tx, &meeting, Command::CloseMeeting)?;
        meeting.placed = false;
    }
    tx.put_meeting(&meeting)?;
    Ok(())
}

/// Ends a participant's presence: the row stays as history, the token goes. Their sessions are the
/// caller's to close.
pub(super) fn withdraw(tx: &mut Tx<'_>, mut participant: Participant) -> Result<(), ServiceError> {
    tx.delete_token(participant.token);
    participant.leave_at = Some(tx.now());
    participant.muted.set(Source::Screen, true);
    tx.put_participant(&participant)?;
    Ok(())
}

fn hand_over(tx: &mut Tx<'_>, meeting: &mut Meeting) -> Result<(), ServiceError> {
    let next = tx
        .present(meeting.id)?
        .into_iter()
        .find(|participant| participant.role != Role::Viewer);
    meeting.host = next.as_ref().map(|participant| participant.id);
    if let Some(mut host) = next {
        host.role = Role::Host;
        tx.put_participant(&host)?;
        let event = Event::Role {
            participant_id: host.id,
            role: Role::Host,
        };
        tx.announce(meeting.id, Audience::Everyone, event);
    }
    Ok(())
}
