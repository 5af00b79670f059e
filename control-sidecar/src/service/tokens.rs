//! Who is calling.

use sfu_proto::ids::{MeetingId, ParticipantId};

use super::ServiceError;
use crate::model::{
    Meeting, MeetingCode, MeetingStatus, Participant, Role, SessionToken, TokenHash, TokenRow,
};
use crate::store::{StoreError, Tx};

/// A participant with a valid token, who is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub meeting: Meeting,
    pub participant: Participant,
}

impl Caller {
    pub fn id(&self) -> ParticipantId {
        self.participant.id
    }

    pub fn require_host(&self) -> Result<(), ServiceError> {
        if self.participant.role == Role::Host {
            Ok(())
        } else {
            Err(ServiceError::Forbidden("only the host may do this"))
        }
    }
}

/// Gives a participant a token; only its hash is kept.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    meeting: MeetingId,
    participant: ParticipantId,
) -> Result<(SessionToken, TokenRow), StoreError> {
    let token = SessionToken::fresh();
    let row = TokenRow {
        meeting,
        participant,
        expires_at: tx.now().after(SessionToken::LIFETIME),
    };
    tx.put_token(token.hash(), &row)?;
    Ok((token, row))
}

/// The open meeting of that code.
pub fn open_meeting(tx: &Tx<'_>, code: &MeetingCode) -> Result<Meeting, ServiceError> {
    let meeting = tx
        .meeting_by_code(code)?
        .ok_or(ServiceError::NotFound("meeting"))?;
    match meeting.status {
        MeetingStatus::Open => Ok(meeting),
        MeetingStatus::Ended => Err(ServiceError::Ended),
    }
}

/// The caller, who must be of the meeting in the URL.
pub fn authenticate_in(
    tx: &Tx<'_>,
    code: &MeetingCode,
    token: Option<TokenHash>,
) -> Result<Caller, ServiceError> {
    let meeting = open_meeting(tx, code)?;
    let caller = authenticate(tx, token)?;
    if caller.meeting.id != meeting.id {
        return Err(ServiceError::Forbidden(
            "the session token is of another meeting",
        ));
    }
    Ok(caller)
}

pub fn authenticate(tx: &Tx<'_>, token: Option<TokenHash>) -> Result<Caller, ServiceError> {
    let hash = token.ok_or(ServiceError::Unauthorized)?;
    let row = tx.token(hash)?.ok_or(ServiceError::Unauthorized)?;
    if row.expires_at <= tx.now() {
        return Err(ServiceError::Unauthorized);
    }
    let meeting = tx.meeting(row.meeting)?.ok_or(ServiceError::Unauthorized)?;
    let participant = tx
        .participant(row.meeting, row.participant)?
        .filter(Participant::is_present)
        .ok_or(ServiceError::Unauthorized)?;
    Ok(Caller {
        meeting,
        participant,
    })
}
