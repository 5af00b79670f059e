//! What follows when the core refuses an order of the outbox.
//!
//! | refused | then |
//! |---|---|
//! | `OpenMeeting`; anything for a meeting that the core has not, or has under a higher epoch | the meeting is not placed any more: the next session places it anew |
//! | `Full`, and nobody waits for the answer | said again after a pause, as things stand then |
//! | anything else | who waits for it is told; the order is over |

use sfu_proto::control::{Command, Order, Refusal};

use super::{ServiceError, participants, placing};
use crate::store::Tx;

/// What becomes of a refused order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Over,
    /// It stays in the outbox until `say_again`.
    AgainLater,
}

pub fn take(tx: &mut Tx<'_>, sequence: u64, refusal: &Refusal) -> Result<Next, ServiceError> {
    let Some(row) = tx.order_at(sequence)? else {
        return Ok(Next::Over);
    };
    let order = row.order;
    let is_full = matches!(refusal, Refusal::Full { .. });
    let is_misplaced = match refusal {
        Refusal::NoSuchMeeting | Refusal::OldEpoch { .. } => true,
        _ => order.command == Command::OpenMeeting,
    };
    if is_full && !is_misplaced && !is_awaited(&order.command) {
        return Ok(Next::AgainLater);
    }
    tx.delete_order(sequence);
    if is_misplaced {
        take_out(tx, &order, refusal)?;
    }
    Ok(Next::Over)
}

/// Somebody waits for the answer and tries again by themselves.
const fn is_awaited(command: &Command) -> bool {
    matches!(
        command,
        Command::OpenSession { .. } | Command::RestartIce { .. }
    )
}

fn take_out(tx: &mut Tx<'_>, order: &Order, refusal: &Refusal) -> Result<(), ServiceError> {
    let Some(mut meeting) = tx.meeting(order.meeting)? else {
        return Ok(());
    };
    // It may have been placed anew since the order was written.
    if !meeting.placed || meeting.epoch != order.epoch {
        return Ok(());
    }
    meeting.placed = false;
    if let Refusal::OldEpoch { current, .. } = refusal {
        meeting.epoch = meeting.epoch.max(*current);
    }
    tx.put_meeting(&meeting)?;
    Ok(())
}

/// Writes the order anew, if it still holds. Later orders of the meeting may have been carried out
/// meanwhile, so what is said is the present state, not the old order.
pub fn say_again(tx: &mut Tx<'_>, sequence: u64) -> Result<(), ServiceError> {
    let Some(row) = tx.order_at(sequence)? else {
        return Ok(());
    };
    tx.delete_order(sequence);
    let order = row.order;
    let placed = tx
        .meeting(order.meeting)?
        .filter(|meeting| meeting.placed && meeting.epoch == order.epoch);
    match (&order.command, placed) {
        (
            Command::Mute {
                participant,
                source,
                ..
            },
            Some(meeting),
        ) => {
            if let Ok(participant) = participants::find(tx, meeting.id, *participant) {
                placing::order_mute(tx, &meeting, &participant, *source)?;
            }
        }
        // Placed anew, it must stay; its sessions have been closed one by one.
        (Command::CloseMeeting, None) => {
            let is_placed = tx
                .meeting(order.meeting)?
                .is_some_and(|meeting| meeting.placed);
            if !is_placed {
                tx.push_order(order)?;
            }
        }
        (Command::CloseSession { .. }, _) => tx.push_order(order)?,
        _ => {}
    }
    Ok(())
}
