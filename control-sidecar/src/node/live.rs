//! What the core does at this moment: who is heard and seen, what each slot carries. It is in
//! memory only; the core's `Snapshot` rebuilds it.
//!
//! Every change yields the events that tell the pages of it; no change, no event.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sfu_proto::control::{Report, SessionEnd, SessionPhase, SlotState, Snapshot, Source, Wanted};
use sfu_proto::ids::{MeetingId, ParticipantId, SessionId};

use crate::model::{Announcement, Audience, Event, LiveSources};

#[derive(Debug, Default)]
pub struct Live {
    meetings: Mutex<HashMap<MeetingId, MeetingLive>>,
}

#[derive(Debug, Default)]
struct MeetingLive {
    sources: HashSet<(ParticipantId, Source)>,
    speaking: Vec<ParticipantId>,
    sessions: BTreeMap<SessionId, SessionLive>,
    /// What pages asked to watch, for sessions yet to come.
    wanted: HashMap<ParticipantId, Option<Vec<Wanted>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLive {
    pub participant: ParticipantId,
    pub phase: SessionPhase,
    pub slots: Vec<SlotState>,
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, HashMap<MeetingId, MeetingLive>> {
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sources(&self, meeting: MeetingId, participant: ParticipantId) -> LiveSources {
        let mut live = LiveSources::default();
        if let Some(state) = self.lock().get(&meeting) {
            for source in Source::ALL {
                live.set(source, state.sources.contains(&(participant, source)));
            }
        }
        live
    }

    pub fn speaking(&self, meeting: MeetingId) -> Vec<ParticipantId> {
        let meetings = self.lock();
        meetings
            .get(&meeting)
            .map_or_else(Vec::new, |state| state.speaking.clone())
    }

    /// The sessions of a participant that are not closed.
    pub fn sessions_of(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Vec<(SessionId, SessionLive)> {
        let meetings = self.lock();
        let sessions = meetings
            .get(&meeting)
            .into_iter()
            .flat_map(|state| &state.sessions);
        sessions
            .filter(|(_, session)| session.participant == participant)
            .map(|(id, session)| (*id, session.clone()))
            .collect()
    }

    pub fn session_count(&self) -> usize {
        self.lock().values().map(|state| state.sessions.len()).sum()
    }

    /// Keeps what a page watches; `None` leaves the choice to the core.
    pub fn want(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
        wanted: Option<Vec<Wanted>>,
    ) {
        let mut meetings = self.lock();
        let state = meetings.entry(meeting).or_default();
        state.wanted.insert(participant, wanted);
    }

    pub fn wanted(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Option<Option<Vec<Wanted>>> {
        self.lock().get(&meeting)?.wanted.get(&participant).cloned()
    }

    pub fn forget_participant(&self, meeting: MeetingId, participant: ParticipantId) {
        let mut meetings = self.lock();
        if let Some(state) = meetings.get_mut(&meeting) {
            state.wanted.remove(&participant);
            if state.is_empty() {
                meetings.remove(&meeting);
            }
        }
    }

    pub fn forget_meeting(&self, meeting: MeetingId) {
        self.lock().remove(&meeting);
    }

    /// Takes a report; returns the events that follow.
    pub fn apply(&self, report: &Report) -> Vec<Announcement> {
        let meeting = match report {
            Report::Session { meeting, .. }
            | Report::Slots { meeting, .. }
            | Report::Published { meeting, .. }
            | Report::Speaking { meeting, .. } => *meeting,
        };
        let mut meetings = self.lock();
        let state = meetings.entry(meeting).or_default();
        let change = state.apply(report);
        if state.is_empty() {
            meetings.remove(&meeting);
        }
        change
            .map(|(to, event)| Announcement { meeting, to, event })
            .into_iter()
            .collect()
    }

    /// Takes the sum of everything; returns the events for what has changed.
    pub fn rebuild(&self, snapshot: &Snapshot) -> Vec<Announcement> {
        let reports: Vec<Report> = snapshot.meetings.iter().flat_map(reports_of).collect();
        let vanished = self.vanished(snapshot);
        vanished
            .iter()
            .chain(&reports)
            .flat_map(|report| self.apply(report))
            .collect()
    }

    /// What we have and the snapshot does not, as the reports that would have told us.
    fn vanished(&self, snapshot: &Snapshot) -> Vec<Report> {
        let mut reports = Vec::new();
        for (&meeting, state) in self.lock().iter() {
            let now = snapshot.meetings.iter().find(|now| now.meeting == meeting);
            let live = now.map_or(&[][..], |now| &now.live);
            let sessions = now.map_or(&[][..], |now| &now.sessions);
            for &(participant, source) in &state.sources {
                if !live.contains(&(participant, source)) {
                    let live = false;
                    reports.push(Report::Published {
                        meeting,
                        participant,
                        source,
                        live,
                    });
                }
            }
            for (&session, known) in &state.sessions {
                if !sessions.iter().any(|now| now.session == session) {
                    let participant = known.participant;
                    let phase = SessionPhase::Closed(SessionEnd::Ordered);
                    reports.push(Report::Session {
                        meeting,
                        session,
                        participant,
                        phase,
                    });
                }
            }
            if now.is_none() {
                let participants = Vec::new();
                reports.push(Report::Speaking {
                    meeting,
                    participants,
                });
            }
        }
        reports
    }
}

fn reports_of(state: &sfu_proto::control::MeetingState) -> Vec<Report> {
    let meeting = state.meeting;
    let mut reports = Vec::new();
    for now in &state.sessions {
        let (session, participant) = (now.session, now.participant);
        let (phase, slots) = (now.phase, now.slots.clone());
        reports.push(Report::Session {
            meeting,
            session,
            participant,
            phase,
        });
        reports.push(Report::Slots {
            meeting,
            session,
            participant,
            slots,
        });
    }
    for &(participant, source) in &state.live {
        reports.push(Report::Published {
            meeting,
            participant,
            source,
            live: true,
        });
    }
    let participants = state.speaking.clone();
    reports.push(Report::Speaking {
        meeting,
        participants,
    });
    reports
}

impl MeetingLive {
    fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.speaking.is_empty()
            && self.sessions.is_empty()
            && self.wanted.is_empty()
    }

    fn apply(&mut self, report: &Report) -> Option<(Audience, Event)> {
        match report {
            Report::Session {
                session,
                participant,
                phase,
                ..
            } => self.set_phase(*session, *participant, *phase),
            Report::Slots {
                session,
                participant,
                slots,
                ..
            } => {
                let known = self.sessions.get_mut(session)?;
                if known.slots == *slots {
                    return None;
                }
                known.slots.clone_from(slots);
                Some((Audience::Only(*participant), Event::slots(*session, slots)))
            }
            Report::Published {
                participant,
                source,
                live,
                ..
            } => {
                let key = (*participant, *source);
                let changed = if *live {
                    self.sources.insert(key)
                } else {
                    self.sources.remove(&key)
                };
                changed.then(|| {
                    let event = Event::Live {
                        participant_id: *participant,
                        source: (*source).into(),
                        live: *live,
                    };
                    (Audience::Everyone, event)
                })
            }
            Report::Speaking { participants, .. } => {
                if self.speaking == *participants {
                    return None;
                }
                self.speaking.clone_from(participants);
                let participant_ids = participants.clone();
                Some((Audience::Everyone, Event::Speaking { participant_ids }))
            }
        }
    }

    fn set_phase(
        &mut self,
        session: SessionId,
        participant: ParticipantId,
        phase: SessionPhase,
    ) -> Option<(Audience, Event)> {
        let before = self.sessions.get(&session).map(|known| known.phase);
        if matches!(phase, SessionPhase::Closed(_)) {
            self.sessions.remove(&session)?;
        } else {
            let known = self.sessions.entry(session).or_insert_with(|| SessionLive {
                participant,
                phase,
                slots: Vec::new(),
            });
            known.phase = phase;
        }
        (before != Some(phase)).then(|| (Audience::Only(participant), Event::media(session, phase)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sfu_proto::control::{MeetingState, SessionState};
    use sfu_proto::ids::Epoch;

    const MEETING: MeetingId = MeetingId(1);
    const ANN: ParticipantId = ParticipantId(1);

    fn snapshot() -> Snapshot {
        Snapshot {
            meetings: vec![MeetingState {
                meeting: MEETING,
                epoch: Epoch(1),
                sessions: vec![SessionState {
                    session: SessionId(7),
                    participant: ANN,
                    phase: SessionPhase::Open,
                    slots: Vec::new(),
                    sources: Vec::new(),
                }],
                muted: Vec::new(),
                live: vec![(ANN, Source::Audio)],
                speaking: vec![ANN],
            }],
        }
    }

    #[test]
    fn a_snapshot_tells_only_what_is_new() {
        let live = Live::default();
        assert_eq!(live.rebuild(&snapshot()).len(), 3);
        assert!(live.sources(MEETING, ANN).audio);
        assert_eq!(live.rebuild(&snapshot()), []);
    }

    #[test]
    fn what_a_snapshot_lacks_is_over() {
        let live = Live::default();
        live.rebuild(&snapshot());
        let events = live.rebuild(&Snapshot::default());
        assert_eq!(events.len(), 3);
        assert!(!live.sources(MEETING, ANN).audio);
        assert_eq!(live.sessions_of(MEETING, ANN), []);
        assert!(live.speaking(MEETING).is_empty());
    }

    #[test]
    fn a_closed_session_is_told_once() {
        let live = Live::default();
        live.rebuild(&snapshot());
        let closed = Report::Session {
            meeting: MEETING,
            session: SessionId(7),
            participant: ANN,
            phase: SessionPhase::Closed(SessionEnd::ConsentExpired),
        };
        assert_eq!(live.apply(&closed).len(), 1);
        assert_eq!(live.apply(&closed), []);
    }
}
