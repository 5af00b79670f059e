//! Where a meeting runs, and the orders that carry its epoch (DESIGN D12). One box has one core,
//! so placing is opening it there.

use sfu_proto::control::{Command, Order, Source};
use sfu_proto::ids::{Epoch, OperationId};

use super::ServiceError;
use crate::model::{Meeting, Participant, random};
use crate::store::Tx;

/// Writes an order for the meeting's core.
pub(super) fn order(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    command: Command,
) -> Result<OperationId, ServiceError> {
    let operation = random::operation_id();
    order_as(tx, meeting, operation, command)?;
    Ok(operation)
}

/// The same, under an operation id that somebody already waits for.
pub(super) fn order_as(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    operation: OperationId,
    command: Command,
) -> Result<(), ServiceError> {
    tx.push_order(Order {
        operation,
        meeting: meeting.id,
        epoch: meeting.epoch,
        command,
    })?;
    Ok(())
}

/// Opens the meeting at the core, unless it is open there, and tells it who is muted. The caller
/// stores the meeting.
pub(super) fn place(tx: &mut Tx<'_>, meeting: &mut Meeting) -> Result<(), ServiceError> {
    if meeting.placed {
        return Ok(());
    }
    meeting.epoch = Epoch(meeting.epoch.0 + 1);
    meeting.placed = true;
    order(tx, meeting, Command::OpenMeeting)?;
    for participant in tx.present(meeting.id)? {
        order_mutes(tx, meeting, &participant)?;
    }
    Ok(())
}

/// Tells the core what a participant has muted; it takes everything else for unmuted.
pub(super) fn order_mutes(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    participant: &Participant,
) -> Result<(), ServiceError> {
    for source in Source::ALL {
        if participant.muted.get(source) {
            order_mute(tx, meeting, participant, source)?;
        }
    }
    Ok(())
}

/// Tells the core how one source of a participant stands.
pub(super) fn order_mute(
    tx: &mut Tx<'_>,
    meeting: &Meeting,
    participant: &Participant,
    source: Source,
) -> Result<(), ServiceError> {
    let command = Command::Mute {
        participant: participant.id,
        source,
        muted: participant.muted.get(source),
    };
    order(tx, meeting, command)?;
    Ok(())
}
