//! The life of a media session: ordered, opened, restarted, closed. Waiting for the core in
//! between is `service::media`'s part.

use sfu_proto::control::{Command, IceCredentials, SessionPlan};
use sfu_proto::ids::{OperationId, SessionId};

use super::{Caller, ServiceError, placing};
use crate::model::{MediaSession, MediaState, Meeting};
use crate::store::Tx;

/// Sessions of one participant that are not closed: two for a move (DESIGN D2), and some for
/// pages that were reloaded and whose old session the core has not given up yet.
const SESSIONS_PER_PARTICIPANT_MAX: usize = 4;

/// Orders a session; the answer comes under `operation`.
pub fn open(
    tx: &mut Tx<'_>,
    caller: &Caller,
    session: SessionId,
    operation: OperationId,
    plan: SessionPlan,
) -> Result<(), ServiceError> {
    let mut meeting = caller.meeting.clone();
    // The oldest make room: pages that crash and come back leave sessions behind.
    let mut own: Vec<_> = tx
        .open_sessions(Some(meeting.id))?
        .into_iter()
        .filter(|other| other.participant == caller.id() && other.session != session)
        .collect();
    own.sort_by_key(|other| other.created_at);
    let surplus = (own.len() + 1).saturating_sub(SESSIONS_PER_PARTICIPANT_MAX);
    for old in own.into_iter().take(surplus) {
        order_close(tx, &meeting, old)?;
    }
    placing::place(tx, &mut meeting)?;
    tx.put_meeting(&meeting)?;
    tx.put_session(&MediaSession {
        session,
        meeting: meeting.id,
        participant: caller.id(),
        state: MediaState::Opening,
        created_at: tx.now(),
        remote: plan.ice.clone(),
        ice_generation: 0,
    })?;
    placing::order_as(
        tx,
        &meeting,
        operation,
        Command::OpenSession { session, plan },
    )
}

/// The core has opened it. `None` if it was closed while the core was at it.
pub fn opened(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<MediaSession>, ServiceError> {
    let Some(mut session) = tx.session(session)? else {
        return Ok(None);
    };
    if session.state != MediaState::Opening {
        return Ok(None);
    }
    session.state = MediaState::Open;
    tx.put_session(&session)?;
    Ok(Some(session))
}

/// The core refused it, or says that it has ended.
pub fn ended(tx: &mut Tx<'_>, session: SessionId) -> Result<(), ServiceError> {
    match tx.session(session)? {
        Some(session) if session.state != MediaState::Closed => mark_closed(tx, session),
        _ => Ok(()),
    }
}

/// Nobody waits for the answer any more. The core may have the order, or get it: the order is
/// withdrawn and a close follows.
pub fn abandon(
    tx: &mut Tx<'_>,
    session: SessionId,
    operation: OperationId,
) -> Result<(), ServiceError> {
    tx.delete_order_of(operation)?;
    let Some(session) = tx.session(session)? else {
        return Ok(());
    };
    match tx.meeting(session.meeting)? {
        Some(meeting) => order_close(tx, &meeting, session),
        None => mark_closed(tx, session),
    }
}

/// The caller's own session, which must not be closed.
pub fn own(tx: &Tx<'_>, caller: &Caller, session: SessionId) -> Result<MediaSession, ServiceError> {
    let session = tx
        .session(session)?
        .ok_or(ServiceError::NotFound("media session"))?;
    if session.participant != caller.id() || session.meeting != caller.meeting.id {
        return Err(ServiceError::Forbidden(
            "this is another participant's media session",
        ));
    }
    if session.state == MediaState::Closed {
        return Err(ServiceError::NotFound("media session: it is closed"));
    }
    Ok(session)
}

pub fn close(tx: &mut Tx<'_>, caller: &Caller, session: SessionId) -> Result<(), ServiceError> {
    let session = own(tx, caller, session)?;
    order_close(tx, &caller.meeting, session)
}

/// Orders an ICE restart with the far side's new credentials (RFC 9725 §4.3.3). The new generation,
/// which it returns, is claimed at once: of two restarts under one ETag the second is refused.
pub fn restart_ice(
    tx: &mut Tx<'_>,
    caller: &Caller,
    session: SessionId,
    if_match: Option<&str>,
    operation: OperationId,
    remote: IceCredentials,
) -> Result<u32, ServiceError> {
    let mut session = own(tx, caller, session)?;
    let wanted = if_match.ok_or(ServiceError::PreconditionRequired)?;
    let etag = session.etag();
    if wanted.trim() != "*" && !wanted.split(',').any(|tag| tag.trim() == etag) {
        return Err(ServiceError::PreconditionFailed);
    }
    session.ice_generation += 1;
    tx.put_session(&session)?;
    let command = Command::RestartIce {
        session: session.session,
        remote,
    };
    placing::order_as(tx, &caller.meeting, operation, command)?;
    Ok(session.ice_generation)
}

/// The core has restarted ICE.
pub fn restarted(
    tx: &mut Tx<'_>,
    session: SessionId,
    claimed: u32,
    remote: IceCredentials,
) -> Result<MediaSession, ServiceError> {
    let mut session = tx
        .session(session)?
        .ok_or(ServiceError::NotFound("media session"))?;
    // A restart after this one, under `If-Match: *`, says the last word.
    if session.ice_generation == claimed {
        session.remote = remote;
        tx.put_session(&session)?;
    }
    session.ice_generation = claimed;
    Ok(session)
}

/// The core has not restarted ICE. The order goes, so that it never does, and the claim with it.
pub fn withdraw_restart(
    tx: &mut Tx<'_>,
    session: SessionId,
    claimed: u32,
    operation: OperationId,
) -> Result<(), ServiceError> {
    tx.delete_order_of(operation)?;
    if let Some(mut session) = tx.session(session)?
        && session.ice_generation == claimed
    {
        session.ice_generation -= 1;
        tx.put_session(&session)?;
    }
    Ok(())
}

pub(super) fn order_close(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    session: MediaSession,
) -> Result<(), ServiceError> {
    let command = Command::CloseSession {
        session: session.session,
    };
    placing::order(tx, meeting, command)?;
    mark_closed(tx, session)
}

/// Closes it in the store. Its owner hears of it when the core reports the end.
pub(super) fn mark_closed(tx: &mut Tx<'_>, mut session: MediaSession) -> Result<(), ServiceError> {
    session.state = MediaState::Closed;
    tx.put_session(&session)?;
    Ok(())
}
