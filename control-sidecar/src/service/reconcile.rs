//! Making store and core agree after they were apart. The store says what should be, the core's
//! `Snapshot` what is.
//!
//! | core | the store's open sessions | the store's meetings with people | the core's surplus |
//! |---|---|---|---|
//! | restarted (`boot` differs) | closed | opened anew, epoch + 1; mutes said again | closed |
//! | the same | those it lacks: closed | those it lacks: opened anew; mutes that differ: said again | closed |

use std::collections::{HashMap, HashSet};

use sfu_proto::control::{Command, MeetingState, Order, SessionPhase, Snapshot, Source};
use sfu_proto::ids::{MeetingId, SessionId};

use super::{ServiceError, placing, sessions};
use crate::model::{MediaState, Meeting, MeetingStatus, random};
use crate::store::Tx;

/// What the store said of the core before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// This data directory has never seen a core.
    First,
    Same,
    Restarted,
}

/// Runs once when the sidecar starts: nobody waits any more for sessions that were being opened.
pub fn on_start(tx: &mut Tx<'_>) -> Result<(), ServiceError> {
    for session in tx.open_sessions(None)? {
        if session.state != MediaState::Opening {
            continue;
        }
        if let Some(meeting) = tx.meeting(session.meeting)? {
            sessions::order_close(tx, &meeting, session)?;
        }
    }
    Ok(())
}

pub fn with_core(tx: &mut Tx<'_>, boot: u128, snapshot: &Snapshot) -> Result<Boot, ServiceError> {
    let before = match tx.core_boot()? {
        None => Boot::First,
        Some(known) if known == boot => Boot::Same,
        Some(_) => Boot::Restarted,
    };
    tx.put_core_boot(boot);
    if before == Boot::Restarted {
        // What the outbox holds was for the core that is gone; all of it follows from the state.
        tx.delete_all_orders()?;
    }
    let here: HashMap<MeetingId, &MeetingState> = snapshot
        .meetings
        .iter()
        .map(|state| (state.meeting, state))
        .collect();
    close_lost_sessions(tx, before, &here)?;
    let awaited = meetings_in_outbox(tx)?;
    for meeting in tx.meetings()? {
        if !meeting.placed {
            continue;
        }
        match here.get(&meeting.id) {
            Some(state) if before != Boot::Restarted => say_mutes(tx, &meeting, state)?,
            None if before == Boot::Same && awaited.contains(&meeting.id) => {}
            _ => place_anew(tx, meeting)?,
        }
    }
    for state in &snapshot.meetings {
        close_surplus(tx, state)?;
    }
    Ok(before)
}

fn close_lost_sessions(
    tx: &mut Tx<'_>,
    before: Boot,
    here: &HashMap<MeetingId, &MeetingState>,
) -> Result<(), ServiceError> {
    let alive: HashSet<SessionId> = here
        .values()
        .flat_map(|state| &state.sessions)
        .filter(|session| !matches!(session.phase, SessionPhase::Closed(_)))
        .map(|session| session.session)
        .collect();
    for session in tx.open_sessions(None)? {
        // One that is being opened may still be in the outbox.
        let awaited = session.state == MediaState::Opening && before != Boot::Restarted;
        if !alive.contains(&session.session) && !awaited {
            sessions::mark_closed(tx, session)?;
        }
    }
    Ok(())
}

fn meetings_in_outbox(tx: &Tx<'_>) -> Result<HashSet<MeetingId>, ServiceError> {
    let rows = tx.orders_from(0, usize::MAX)?;
    Ok(rows
        .into_iter()
        .filter(|row| row.order.command == Command::OpenMeeting)
        .map(|row| row.order.meeting)
        .collect())
}

fn place_anew(tx: &mut Tx<'_>, mut meeting: Meeting) -> Result<(), ServiceError> {
    meeting.placed = false;
    if meeting.present > 0 && meeting.status == MeetingStatus::Open {
        placing::place(tx, &mut meeting)?;
    }
    tx.put_meeting(&meeting)?;
    Ok(())
}

fn say_mutes(tx: &mut Tx<'_>, meeting: &Meeting, state: &MeetingState) -> Result<(), ServiceError> {
    for participant in tx.present(meeting.id)? {
        for source in Source::ALL {
            let there = state.muted.contains(&(participant.id, source));
            if there != participant.muted.get(source) {
                placing::order_mute(tx, meeting, &participant, source)?;
            }
        }
    }
    Ok(())
}

/// Closes what the core has and the store does not want. The epoch is the core's own: the store
/// may not know the meeting.
fn close_surplus(tx: &mut Tx<'_>, state: &MeetingState) -> Result<(), ServiceError> {
    let meeting = tx.meeting(state.meeting)?;
    let epoch = meeting
        .as_ref()
        .map_or(state.epoch, |meeting| meeting.epoch.max(state.epoch));
    let push = |tx: &mut Tx<'_>, command| {
        tx.push_order(Order {
            operation: random::operation_id(),
            meeting: state.meeting,
            epoch,
            command,
        })
    };
    if !meeting.is_some_and(|meeting| meeting.placed) {
        push(tx, Command::CloseMeeting)?;
        return Ok(());
    }
    for session in &state.sessions {
        let wanted = tx
            .session(session.session)?
            .is_some_and(|known| known.state != MediaState::Closed);
        if !wanted && !matches!(session.phase, SessionPhase::Closed(_)) {
            let session = session.session;
            push(tx, Command::CloseSession { session })?;
        }
    }
    Ok(())
}
