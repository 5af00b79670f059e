//! Who is still there. A participant with neither an event socket nor an open media session for
//! `GRACE` is gone; after a restart of the sidecar everybody gets twice that to come back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sfu_proto::ids::{MeetingId, ParticipantId};

use crate::app::App;
use crate::model::MeetingStatus;
use crate::service::ServiceError;

const GRACE: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
pub struct Presence {
    /// When each present participant was last known to be connected, by `Clock::uptime`.
    seen: Mutex<HashMap<(MeetingId, ParticipantId), Duration>>,
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, HashMap<(MeetingId, ParticipantId), Duration>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After a start: all that the store holds for present may come back.
    pub fn expect_back(&self, app: &App) -> Result<(), ServiceError> {
        let until = app.clock.uptime() + GRACE;
        let present = app.store.read(|tx| {
            let mut present = Vec::new();
            for meeting in tx.meetings()? {
                if meeting.status == MeetingStatus::Open && meeting.present > 0 {
                    present.extend(tx.present(meeting.id)?);
                }
            }
            Ok::<_, ServiceError>(present)
        })?;
        let mut seen = self.lock();
        for participant in present {
            seen.insert((participant.meeting, participant.id), until);
        }
        Ok(())
    }

    pub fn seen(&self, meeting: MeetingId, participant: ParticipantId, now: Duration) {
        self.lock().insert((meeting, participant), now);
    }

    /// Their socket has closed: the grace begins now, if they are still of the meeting.
    pub fn socket_closed(&self, meeting: MeetingId, participant: ParticipantId, now: Duration) {
        if let Some(seen) = self.lock().get_mut(&(meeting, participant)) {
            *seen = now.max(*seen);
        }
    }

    pub fn forget(&self, meeting: MeetingId, participant: ParticipantId) {
        self.lock().remove(&(meeting, participant));
    }

    pub fn forget_meeting(&self, meeting: MeetingId) {
        self.lock().retain(|(of, _), _| *of != meeting);
    }

    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Nobody is in the meeting.
    pub fn is_empty(&self, meeting: MeetingId) -> bool {
        !self.lock().keys().any(|(of, _)| *of == meeting)
    }

    pub fn is_present(&self, meeting: MeetingId, participant: ParticipantId) -> bool {
        self.lock().contains_key(&(meeting, participant))
    }

    /// Those whose grace is over.
    pub fn gone(&self, app: &App) -> Vec<(MeetingId, ParticipantId)> {
        let now = app.clock.uptime();
        let mut gone = Vec::new();
        for (&(meeting, participant), seen) in self.lock().iter_mut() {
            if is_connected(app, meeting, participant) {
                *seen = now.max(*seen);
            } else if now.saturating_sub(*seen) >= GRACE {
                gone.push((meeting, participant));
            }
        }
        gone
    }

    /// The same for one, asked again at the moment that matters: they may have come back.
    pub fn is_gone(&self, app: &App, meeting: MeetingId, participant: ParticipantId) -> bool {
        let now = app.clock.uptime();
        let seen = self.lock().get(&(meeting, participant)).copied();
        seen.is_some_and(|seen| now.saturating_sub(seen) >= GRACE)
            && !is_connected(app, meeting, participant)
    }
}

fn is_connected(app: &App, meeting: MeetingId, participant: ParticipantId) -> bool {
    app.hub.has_socket(meeting, participant)
        || !app.live.sessions_of(meeting, participant).is_empty()
}
