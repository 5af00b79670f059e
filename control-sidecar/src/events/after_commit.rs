//! What follows from a transaction once it is on the disk: events to pages, orders to the core,
//! and memory of those who left given back.

use std::sync::Arc;

use super::{CloseCode, Hub, Presence};
use crate::clock::Clock;
use crate::model::{Announcement, Event, LeftReason};
use crate::node::{CoreLink, Live};
use crate::store::Committed;

/// The function that the store calls; it does not wait.
pub fn tell(
    hub: &Arc<Hub>,
    live: &Arc<Live>,
    presence: &Arc<Presence>,
    core: &Arc<CoreLink>,
    clock: &Clock,
) -> impl FnMut(Committed) + Send + 'static {
    let (hub, live) = (Arc::clone(hub), Arc::clone(live));
    let (presence, core, clock) = (Arc::clone(presence), Arc::clone(core), clock.clone());
    move |committed| {
        if committed.orders {
            core.wake();
        }
        for announcement in &committed.announcements {
            hub.announce(announcement);
            follow(&hub, &live, &presence, &clock, announcement);
        }
    }
}

fn follow(hub: &Hub, live: &Live, presence: &Presence, clock: &Clock, told: &Announcement) {
    let meeting = told.meeting;
    match &told.event {
        Event::Joined { participant } => {
            presence.seen(meeting, participant.participant_id, clock.uptime());
        }
        Event::Left {
            participant_id,
            reason,
        } => {
            let code = match reason {
                LeftReason::Kicked => CloseCode::BadToken,
                LeftReason::Left | LeftReason::Gone => CloseCode::Normal,
            };
            hub.close(meeting, Some(*participant_id), code);
            presence.forget(meeting, *participant_id);
            for silenced in live.forget_participant(meeting, *participant_id) {
                hub.announce(&silenced);
            }
            if presence.is_empty(meeting) {
                live.forget_meeting(meeting);
            }
        }
        Event::Ended {} => {
            hub.close(meeting, None, CloseCode::Ended);
            presence.forget_meeting(meeting);
            live.forget_meeting(meeting);
        }
        _ => {}
    }
}
