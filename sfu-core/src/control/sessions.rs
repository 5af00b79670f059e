//! Which sessions live on which worker, for the day it fails: as its reports say, and each snapshot
//! anew, since a report may have been lost.

use std::collections::HashMap;

use sfu_proto::control::{MeetingState, Report, SessionEnd, SessionPhase};
use sfu_proto::ids::{MeetingId, ParticipantId, SessionId};

#[derive(Debug, Default)]
pub(super) struct Sessions {
    homes: HashMap<SessionId, (usize, MeetingId, ParticipantId)>,
}

impl Sessions {
    pub(super) fn note(&mut self, worker: usize, report: &Report) {
        let Report::Session {
            meeting,
            session,
            participant,
            phase,
        } = report
        else {
            return;
        };
        if matches!(phase, SessionPhase::Closed(_)) {
            self.homes.remove(session);
        } else {
            self.homes
                .insert(*session, (worker, *meeting, *participant));
        }
    }

    /// What is not in the worker's snapshot is not there.
    pub(super) fn replace(&mut self, worker: usize, meetings: &[MeetingState]) {
        self.homes.retain(|_, (home, ..)| *home != worker);
        for state in meetings {
            self.homes.extend(state.sessions.iter().map(|session| {
                let home = (worker, state.meeting, session.participant);
                (session.session, home)
            }));
        }
    }

    /// The worker has failed: what is to be said of its sessions.
    pub(super) fn fail(&mut self, failed: usize) -> Vec<Report> {
        self.homes
            .extract_if(|_, (worker, ..)| *worker == failed)
            .map(|(session, (_, meeting, participant))| Report::Session {
                meeting,
                session,
                participant,
                phase: SessionPhase::Closed(SessionEnd::WorkerFailed),
            })
            .collect()
    }
}
