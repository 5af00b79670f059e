//! The sidecar's orders. Each is checked, carried out and answered; none can fail half-way.

use rand_chacha::rand_core::RngCore;

use super::{Effect, Shard};
use crate::control::{
    Command, IceCredentials, MeetingState, Order, Outcome, Refusal, SessionEnd, SessionOpened,
    SessionPhase, SessionPlan, SessionState, SlotSource, Wanted,
};
use crate::forward::{Meeting, MeetingKey, Slot, SlotSeed, Subscriber};
use crate::ice::credentials;
use crate::ids::{Epoch, SessionId, Ssrc};
use crate::limits;
use crate::session::{Seat, Session, SessionKey};
use crate::time::Instant;

/// First sequences stay below this (DESIGN D6; RFC 3711 §3.3.1).
const FIRST_SEQUENCE_BELOW: u64 = 1 << 15;

impl Shard {
    pub fn handle_order(&mut self, now: Instant, order: Order) {
        let (operation, meeting) = (order.operation, order.meeting);
        let outcome = self.carry_out(now, order).unwrap_or_else(Outcome::Refused);
        if let Some(key) = self.meeting_keys.get(&meeting) {
            self.note_meeting(*key);
        }
        self.effects.push(Effect::Answer { operation, outcome });
    }

    fn carry_out(&mut self, now: Instant, order: Order) -> Result<Outcome, Refusal> {
        if matches!(order.command, Command::OpenMeeting) {
            return self.open_meeting(&order);
        }
        let key = *self
            .meeting_keys
            .get(&order.meeting)
            .ok_or(Refusal::NoSuchMeeting)?;
        raise_epoch(&mut self.meetings[key.0], order.epoch)?;
        match order.command {
            Command::OpenMeeting => Ok(Outcome::Done),
            Command::CloseMeeting => {
                self.close_meeting(now, key);
                Ok(Outcome::Done)
            }
            Command::OpenSession { session, plan } => self.open_session(now, key, session, &plan),
            Command::RestartIce { session, remote } => self.restart_ice(key, session, remote),
            Command::CloseSession { session } => {
                // Gone already is as good as closed: orders repeat.
                if let Ok(session) = self.session_in(key, session) {
                    self.close(now, session, SessionEnd::Ordered);
                }
                Ok(Outcome::Done)
            }
            Command::Mute {
                participant,
                source,
                muted,
            } => {
                self.meetings[key.0].mute(participant, source, muted);
                Ok(Outcome::Done)
            }
            Command::Watch { session, wanted } => self.watch(key, session, wanted),
        }
    }

    fn open_meeting(&mut self, order: &Order) -> Result<Outcome, Refusal> {
        if let Some(key) = self.meeting_keys.get(&order.meeting) {
            raise_epoch(&mut self.meetings[key.0], order.epoch)?;
            return Ok(Outcome::Done);
        }
        if self.meetings.len() == limits::MEETINGS_PER_WORKER_MAX {
            return Err(full("MEETINGS_PER_WORKER_MAX"));
        }
        let key = MeetingKey(
            self.meetings
                .insert(Meeting::new(order.meeting, order.epoch)),
        );
        self.meeting_keys.insert(order.meeting, key);
        Ok(Outcome::Done)
    }

    fn close_meeting(&mut self, now: Instant, key: MeetingKey) {
        let sessions: Vec<_> = self.meetings[key.0].sessions().collect();
        for session in sessions {
            self.close(now, session, SessionEnd::Ordered);
        }
        self.spread.retain(|spread| *spread != key);
        let meeting = self.meetings.remove(key.0);
        self.meeting_wheel.take_out(key.0);
        self.meeting_keys.remove(&meeting.id);
        meeting.end(&mut self.chunks);
    }

    fn open_session(
        &mut self,
        now: Instant,
        meeting: MeetingKey,
        id: SessionId,
        plan: &SessionPlan,
    ) -> Result<Outcome, Refusal> {
        if self.session_keys.contains_key(&id) {
            let known = self.session_in(meeting, id)?;
            let opened = self.sessions[known.0].opened.clone();
            return Ok(Outcome::SessionOpened(opened));
        }
        check_plan(plan)?;
        if self.sessions.len() == limits::SESSIONS_PER_WORKER_MAX {
            return Err(full("SESSIONS_PER_WORKER_MAX"));
        }
        if self.meetings[meeting.0].session_count() == limits::SESSIONS_PER_MEETING_MAX {
            return Err(full("SESSIONS_PER_MEETING_MAX"));
        }
        let opened = self.describe(plan);
        let feedback = Ssrc(self.random_ssrc(&opened.slots));
        let slots = plan
            .slots
            .iter()
            .zip(&opened.slots)
            .map(|(line, source)| {
                let seed = SlotSeed {
                    first_sequence: self.rng.next_u64() % FIRST_SEQUENCE_BELOW,
                    first_repair: self.rng.next_u64() % FIRST_SEQUENCE_BELOW,
                    timestamp: self.rng.next_u32(),
                };
                Slot::new(line, *source, seed)
            })
            .collect();
        let key = SessionKey(self.sessions.vacant_key());
        let subscriber = Subscriber {
            session: key,
            id,
            participant: plan.participant,
            is_open: false,
            tracks: Vec::new(),
            slots,
            watch: None,
            slots_changed: true,
        };
        let subscriber = self.meetings[meeting.0].admit(subscriber, &plan.publish);
        let seat = Seat {
            meeting,
            subscriber,
        };
        self.sessions_begun += 1;
        let (number, opened_as) = (self.sessions_begun, opened.clone());
        self.sessions.insert(Session::new(
            id, number, seat, plan, opened_as, feedback, now,
        ));
        self.session_keys.insert(id, key);
        self.session_wheel.file(key.0, now);
        self.addresses.name(&opened.ice.ufrag, key);
        self.enter(now, key, SessionPhase::Checking);
        Ok(Outcome::SessionOpened(opened))
    }

    fn describe(&mut self, plan: &SessionPlan) -> SessionOpened {
        let mut slots = Vec::with_capacity(plan.slots.len());
        for _ in &plan.slots {
            let ssrc = self.random_ssrc(&slots);
            let mut rtx_ssrc = self.random_ssrc(&slots);
            while rtx_ssrc == ssrc {
                rtx_ssrc = self.random_ssrc(&slots);
            }
            slots.push(SlotSource { ssrc, rtx_ssrc });
        }
        SessionOpened {
            ice: credentials::local(self.config.worker, &mut self.rng),
            fingerprint: self.config.fingerprint,
            candidates: self.config.candidates.clone(),
            slots,
        }
    }

    /// A source that no slot of the session has yet; never zero, which some receivers refuse.
    fn random_ssrc(&mut self, taken: &[SlotSource]) -> u32 {
        loop {
            let ssrc = self.rng.next_u32();
            if ssrc != 0 && !taken.iter().any(|s| s.ssrc == ssrc || s.rtx_ssrc == ssrc) {
                return ssrc;
            }
        }
    }

    fn restart_ice(
        &mut self,
        meeting: MeetingKey,
        id: SessionId,
        remote: IceCredentials,
    ) -> Result<Outcome, Refusal> {
        let key = self.session_in(meeting, id)?;
        let local = credentials::local(self.config.worker, &mut self.rng);
        let session = &mut self.sessions[key.0];
        let replaced = session.with_agent(|agent| {
            agent.restart(local.clone(), remote);
            agent.take_retired_ufrag()
        });
        if let Some(replaced) = replaced {
            self.addresses.forget_name(&replaced);
        }
        session.opened.ice = local;
        let opened = session.opened.clone();
        self.addresses.name(&opened.ice.ufrag, key);
        Ok(Outcome::SessionOpened(opened))
    }

    fn watch(
        &mut self,
        meeting: MeetingKey,
        id: SessionId,
        wanted: Option<Vec<Wanted>>,
    ) -> Result<Outcome, Refusal> {
        let key = self.session_in(meeting, id)?;
        let subscriber = self.sessions[key.0].seat.subscriber;
        self.meetings[meeting.0].change(subscriber, |subscriber| {
            subscriber.watch = wanted.map(|wanted| {
                let mut once: Vec<Wanted> = Vec::new();
                for wish in wanted.into_iter().take(limits::SLOTS_PER_SESSION_MAX) {
                    if !once
                        .iter()
                        .any(|known| known.participant == wish.participant)
                    {
                        once.push(wish);
                    }
                }
                once
            });
        });
        Ok(Outcome::Done)
    }

    fn session_in(&self, meeting: MeetingKey, id: SessionId) -> Result<SessionKey, Refusal> {
        let key = *self.session_keys.get(&id).ok_or(Refusal::NoSuchSession)?;
        match self.sessions[key.0].seat.meeting == meeting {
            true => Ok(key),
            false => Err(Refusal::NoSuchSession),
        }
    }

    /// Everything there is, for a sidecar that has been away.
    pub fn snapshot(&self) -> Vec<MeetingState> {
        self.meetings
            .iter()
            .map(|(_, meeting)| {
                let mut state = meeting.state();
                state.sessions = meeting
                    .sessions()
                    .map(|key| {
                        let session = &self.sessions[key.0];
                        SessionState {
                            session: session.id,
                            participant: session.participant,
                            phase: session.phase,
                            slots: meeting.slot_states(session.seat.subscriber),
                            sources: session.opened.slots.clone(),
                        }
                    })
                    .collect();
                state
            })
            .collect()
    }
}

fn raise_epoch(meeting: &mut Meeting, got: Epoch) -> Result<(), Refusal> {
    if got < meeting.epoch {
        return Err(Refusal::OldEpoch {
            got,
            current: meeting.epoch,
        });
    }
    meeting.epoch = got;
    Ok(())
}

fn full(limit: &str) -> Refusal {
    Refusal::Full {
        limit: limit.to_owned(),
    }
}

/// The sidecar makes sound plans; a wrong one is its bug, and must not become ours.
fn check_plan(plan: &SessionPlan) -> Result<(), Refusal> {
    let bad = |why: &str| {
        Err(Refusal::BadPlan {
            why: why.to_owned(),
        })
    };
    if plan.participant.0 == 0 {
        return bad("participant 0 cannot be a CSRC");
    }
    if plan.publish.len() > limits::PUBLISH_LINES_MAX {
        return bad("more publish lines than PUBLISH_LINES_MAX");
    }
    if plan.slots.len() > limits::SLOTS_PER_SESSION_MAX {
        return bad("more slots than SLOTS_PER_SESSION_MAX");
    }
    if plan
        .publish
        .iter()
        .any(|line| line.rids.len() > limits::RIDS_PER_LINE_MAX)
    {
        return bad("more encodings than RIDS_PER_LINE_MAX");
    }
    Ok(())
}
