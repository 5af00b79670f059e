//! Screen share: one at a time. Who starts takes over from the one before, whose page is told by
//! `muted screen`.

use sfu_proto::control::Source;
use sfu_proto::ids::ParticipantId;

use super::{Caller, ServiceError, mute, participants};
use crate::model::{Meeting, Participant, Role};
use crate::store::Tx;

pub fn start(tx: &mut Tx<'_>, caller: &Caller) -> Result<Participant, ServiceError> {
    let mut meeting = caller.meeting.clone();
    show(
        tx,
        caller.id(),
        &mut meeting,
        caller.participant.clone(),
        true,
    )
}

pub fn stop(tx: &mut Tx<'_>, caller: &Caller) -> Result<Participant, ServiceError> {
    let mut meeting = caller.meeting.clone();
    show(
        tx,
        caller.id(),
        &mut meeting,
        caller.participant.clone(),
        false,
    )
}

pub(super) fn show(
    tx: &mut Tx<'_>,
    by: ParticipantId,
    meeting: &mut Meeting,
    mut participant: Participant,
    shown: bool,
) -> Result<Participant, ServiceError> {
    if shown && participant.role == Role::Viewer {
        return Err(ServiceError::Forbidden("a viewer has nothing to share"));
    }
    let former = meeting.sharer;
    if shown {
        if let Some(former) = former.filter(|former| *former != participant.id) {
            let mut former = participants::find(tx, meeting.id, former)?;
            mute::apply(tx, meeting, &mut former, Source::Screen, true, by)?;
        }
        meeting.sharer = Some(participant.id);
    } else if former == Some(participant.id) {
        meeting.sharer = None;
    }
    tx.put_meeting(meeting)?;
    mute::apply(tx, meeting, &mut participant, Source::Screen, !shown, by)?;
    Ok(participant)
}
