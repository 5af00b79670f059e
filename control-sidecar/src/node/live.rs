//! What the core does at this moment: who is heard and seen, what each slot carries. It is in
//! memory only; the core's `Snapshot` rebuilds it.
//!
//! Every change yields the events that tell the pages of it; no change, no event.

use std::collections::btree_map::Entry;
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

    /// Keeps what a page watches; `None` leaves the choice to the core. Whether it is news.
    pub fn want(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
        wanted: Option<Vec<Wanted>>,
    ) -> bool {
        let mut meetings = self.lock();
        let state = meetings.entry(meeting).or_default();
        let before = state.wanted.insert(participant, wanted.clone());
        before != Some(wanted)
    }

    pub fn wanted(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Option<Option<Vec<Wanted>>> {
        self.lock().get(&meeting)?.wanted.get(&participant).cloned()
    }

    /// They have left. Their sources go without a word, since pages drop the participant as a whole.
    pub fn forget_participant(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Vec<Announcement> {
        let mut meetings = self.lock();
        let Some(state) = meetings.get_mut(&meeting) else {
            return Vec::new();
        };
        state.wanted.remove(&participant);
        state.sources.retain(|(whose, _)| *whose != participant);
        let silenced = state.silence(participant);
        if state.is_empty() {
            meetings.remove(&meeting);
        }
        silenced
            .map(|(to, event)| Announcement { meeting, to, event })
            .into_iter()
            .collect()
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
        let changes = state.apply(report);
        if state.is_empty() {
            meetings.remove(&meeting);
        }
        changes
            .into_iter()
            .map(|(to, event)| Announcement { meeting, to, event })
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

    fn apply(&mut self, report: &Report) -> Vec<(Audience, Event)> {
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
                let changed = self.set_slots(*session, slots);
                let event = || (Audience::Only(*participant), Event::slots(*session, slots));
                changed.then(event).into_iter().collect()
            }
            // What the core said before it closed the last session may come after it.
            Report::Published { .. } | Report::Speaking { .. } if self.sessions.is_empty() => {
                self.end_all()
            }
            Report::Published {
                participant,
                source,
                live,
                ..
            } => self
                .set_live(*participant, *source, *live)
                .into_iter()
                .collect(),
            Report::Speaking { participants, .. } => self
                .set_speaking(participants.clone())
                .into_iter()
                .collect(),
        }
    }

    fn set_slots(&mut self, session: SessionId, slots: &[SlotState]) -> bool {
        match self.sessions.get_mut(&session) {
            Some(known) if known.slots != slots => {
                slots.clone_into(&mut known.slots);
                true
            }
            _ => false,
        }
    }

    fn set_live(
        &mut self,
        participant: ParticipantId,
        source: Source,
        live: bool,
    ) -> Option<(Audience, Event)> {
        let changed = if live {
            self.sources.insert((participant, source))
        } else {
            self.sources.remove(&(participant, source))
        };
        changed.then(|| live_event(participant, source, live))
    }

    fn set_speaking(&mut self, participants: Vec<ParticipantId>) -> Option<(Audience, Event)> {
        if self.speaking == participants {
            return None;
        }
        self.speaking.clone_from(&participants);
        let participant_ids = participants;
        Some((Audience::Everyone, Event::Speaking { participant_ids }))
    }

    fn set_phase(
        &mut self,
        session: SessionId,
        participant: ParticipantId,
        phase: SessionPhase,
    ) -> Vec<(Audience, Event)> {
        let told = (Audience::Only(participant), Event::media(session, phase));
        if matches!(phase, SessionPhase::Closed(_)) {
            if self.sessions.remove(&session).is_none() {
                return Vec::new();
            }
            return core::iter::once(told)
                .chain(self.end_without_session(participant))
                .collect();
        }
        let known = self.sessions.entry(session);
        let is_new = matches!(known, Entry::Vacant(_));
        let known = known.or_insert_with(|| SessionLive {
            participant,
            phase,
            slots: Vec::new(),
        });
        let before = core::mem::replace(&mut known.phase, phase);
        (is_new || before != phase)
            .then_some(told)
            .into_iter()
            .collect()
    }

    /// Without a session nothing of theirs is live, whether the core has said so or not.
    fn end_without_session(&mut self, participant: ParticipantId) -> Vec<(Audience, Event)> {
        if self.sessions.is_empty() {
            return self.end_all();
        }
        let mut sessions = self.sessions.values();
        if sessions.any(|session| session.participant == participant) {
            return Vec::new();
        }
        let ended = Source::ALL.map(|source| self.set_live(participant, source, false));
        let silenced = self.silence(participant);
        ended.into_iter().chain([silenced]).flatten().collect()
    }

    fn end_all(&mut self) -> Vec<(Audience, Event)> {
        let silenced = self.set_speaking(Vec::new());
        core::mem::take(&mut self.sources)
            .into_iter()
            .map(|(participant, source)| live_event(participant, source, false))
            .chain(silenced)
            .collect()
    }

    fn silence(&mut self, participant: ParticipantId) -> Option<(Audience, Event)> {
        let mut others = self.speaking.clone();
        others.retain(|speaker| *speaker != participant);
        self.set_speaking(others)
    }
}

fn live_event(participant: ParticipantId, source: Source, live: bool) -> (Audience, Event) {
    let event = Event::Live {
        participant_id: participant,
        source: source.into(),
        live,
    };
    (Audience::Everyone, event)
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

    fn closed() -> Report {
        Report::Session {
            meeting: MEETING,
            session: SessionId(7),
            participant: ANN,
            phase: SessionPhase::Closed(SessionEnd::ConsentExpired),
        }
    }

    #[test]
    fn a_closed_session_is_told_once_and_its_sources_end_with_it() {
        let live = Live::default();
        live.rebuild(&snapshot());
        let told = live.apply(&closed());
        let kinds: Vec<_> = told
            .iter()
            .map(|told| match &told.event {
                Event::Media { .. } => "media",
                Event::Live { live: false, .. } => "live",
                Event::Speaking { participant_ids } if participant_ids.is_empty() => "speaking",
                _ => "?",
            })
            .collect();
        assert_eq!(kinds, ["media", "live", "speaking"]);
        assert_eq!(live.apply(&closed()), []);
        assert!(live.lock().is_empty());
    }

    #[test]
    fn late_reports_of_a_meeting_that_is_over_leave_nothing() {
        let live = Live::default();
        live.rebuild(&snapshot());
        live.apply(&closed());
        let late = Report::Speaking {
            meeting: MEETING,
            participants: vec![ANN],
        };
        assert_eq!(live.apply(&late), []);
        assert!(live.lock().is_empty());
    }

    #[test]
    fn who_has_left_is_neither_heard_nor_seen() {
        let live = Live::default();
        live.rebuild(&snapshot());
        assert!(live.want(MEETING, ANN, None));
        assert!(!live.want(MEETING, ANN, None));
        assert_eq!(live.forget_participant(MEETING, ANN).len(), 1);
        assert!(!live.sources(MEETING, ANN).audio);
        live.apply(&closed());
        assert!(live.lock().is_empty());
    }
}
