//! Mute and unmute. Everyone decides for themselves; the host may silence others but never make
//! them heard or seen.

use sfu_proto::control::Source;
use sfu_proto::ids::ParticipantId;

use super::{Caller, ServiceError, participants, placing, screen};
use crate::model::{Audience, Event, Meeting, Participant};
use crate::store::Tx;

pub fn set(
    tx: &mut Tx<'_>,
    caller: &Caller,
    whom: ParticipantId,
    source: Source,
    muted: bool,
) -> Result<Participant, ServiceError> {
    if whom != caller.id() {
        caller.require_host()?;
        if !muted {
            return Err(ServiceError::Forbidden(
                "nobody but the participant may unmute them",
            ));
        }
    }
    let mut meeting = caller.meeting.clone();
    let mut participant = participants::find(tx, meeting.id, whom)?;
    if source == Source::Screen {
        return screen::show(tx, caller.id(), &mut meeting, participant, !muted);
    }
    apply(tx, &meeting, &mut participant, source, muted, caller.id())?;
    Ok(participant)
}

/// Changes one source and says so, if it is a change.
pub(super) fn apply(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    participant: &mut Participant,
    source: Source,
    muted: bool,
    by: ParticipantId,
) -> Result<(), ServiceError> {
    if participant.muted.get(source) == muted {
        return Ok(());
    }
    participant.muted.set(source, muted);
    tx.put_participant(participant)?;
    if meeting.placed {
        placing::order_mute(tx, meeting, participant, source)?;
    }
    let event = Event::Muted {
        participant_id: participant.id,
        source: source.into(),
        muted,
        by,
    };
    tx.announce(meeting.id, Audience::Everyone, event);
    Ok(())
}
