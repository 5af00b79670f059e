//! Which sessions live on which worker: to find a participant's former one, to see which worker has
//! room, and for the day one fails. As the workers' reports say, and each snapshot anew, since a
//! report may have been lost.

use std::collections::HashMap;

use sfu_proto::control::{MeetingState, Report, SessionEnd, SessionPhase};
use sfu_proto::ids::{MeetingId, ParticipantId, SessionId};

#[derive(Clone, Copy, Debug)]
struct Seat {
    worker: usize,
    participant: ParticipantId,
    /// The order to open it is on its way: no snapshot knows it yet.
    is_opening: bool,
}

#[derive(Debug, Default)]
pub(super) struct Sessions {
    meetings: HashMap<MeetingId, HashMap<SessionId, Seat>>,
}

impl Sessions {
    /// The order to open it goes to `worker`.
    pub(super) fn place(
        &mut self,
        meeting: MeetingId,
        session: SessionId,
        participant: ParticipantId,
        worker: usize,
    ) {
        let seats = self.meetings.entry(meeting).or_default();
        seats.entry(session).or_insert(Seat {
            worker,
            participant,
            is_opening: true,
        });
    }

    /// The order was refused. What lives already stays.
    pub(super) fn refuse(&mut self, meeting: MeetingId, session: SessionId) {
        let seat = self.meetings.get(&meeting).and_then(|it| it.get(&session));
        if seat.is_some_and(|seat| seat.is_opening) {
            self.remove(meeting, session);
        }
    }

    pub(super) fn worker_of(&self, meeting: MeetingId, session: SessionId) -> Option<usize> {
        let seat = self.meetings.get(&meeting)?.get(&session)?;
        Some(seat.worker)
    }

    /// Where the participant is already: takeover is decided within a worker.
    pub(super) fn worker_of_participant(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Option<usize> {
        let mut seats = self.meetings.get(&meeting)?.values();
        let seat = seats.find(|seat| seat.participant == participant)?;
        Some(seat.worker)
    }

    /// How many of the meeting's sessions each of `workers` has.
    pub(super) fn of_meeting(&self, meeting: MeetingId, workers: usize) -> Vec<usize> {
        count(workers, self.meetings.get(&meeting).into_iter())
    }

    /// How many sessions each of `workers` has.
    pub(super) fn of_all(&self, workers: usize) -> Vec<usize> {
        count(workers, self.meetings.values())
    }

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
            self.remove(*meeting, *session);
        } else {
            let seat = Seat {
                worker,
                participant: *participant,
                is_opening: false,
            };
            let seats = self.meetings.entry(*meeting).or_default();
            seats.insert(*session, seat);
        }
    }

    /// What is not in the worker's snapshot is not there.
    pub(super) fn replace(&mut self, worker: usize, meetings: &[MeetingState]) {
        self.retain(|seat| seat.worker != worker || seat.is_opening);
        for state in meetings.iter().filter(|state| !state.sessions.is_empty()) {
            let seats = self.meetings.entry(state.meeting).or_default();
            seats.extend(state.sessions.iter().map(|session| {
                let seat = Seat {
                    worker,
                    participant: session.participant,
                    is_opening: false,
                };
                (session.session, seat)
            }));
        }
    }

    /// The worker has failed: what is to be said of its sessions.
    pub(super) fn fail(&mut self, failed: usize) -> Vec<Report> {
        let mut reports = Vec::new();
        for (meeting, seats) in &self.meetings {
            let lost = seats.iter().filter(|(_, seat)| seat.worker == failed);
            // Nobody has heard of one that was still opening.
            reports.extend(
                lost.filter(|(_, seat)| !seat.is_opening)
                    .map(|(session, seat)| Report::Session {
                        meeting: *meeting,
                        session: *session,
                        participant: seat.participant,
                        phase: SessionPhase::Closed(SessionEnd::WorkerFailed),
                    }),
            );
        }
        self.retain(|seat| seat.worker != failed);
        reports
    }

    fn remove(&mut self, meeting: MeetingId, session: SessionId) {
        if let Some(seats) = self.meetings.get_mut(&meeting) {
            seats.remove(&session);
            if seats.is_empty() {
                self.meetings.remove(&meeting);
            }
        }
    }

    fn retain(&mut self, stays: impl Fn(&Seat) -> bool) {
        self.meetings.retain(|_, seats| {
            seats.retain(|_, seat| stays(seat));
            !seats.is_empty()
        });
    }
}

fn count<'a>(
    workers: usize,
    meetings: impl Iterator<Item = &'a HashMap<SessionId, Seat>>,
) -> Vec<usize> {
    let mut counts = vec![0; workers];
    for seat in meetings.flat_map(HashMap::values) {
        if let Some(count) = counts.get_mut(seat.worker) {
            *count += 1;
        }
    }
    counts
}
