//! What happens by the clock: feedback to publishers, reports to viewers, expiry, who is where.
//!
//! Two wheels say who is due; nobody else is looked at. A session that only rests is visited once a
//! second; a publisher whose media flows when its transport feedback is due, and a tick after
//! something was lost. A meeting is visited at once when it says that something has changed, and
//! ten times a second while anything flows in it.

use core::time::Duration;

use super::wheel::{TICK, Wheel};
use super::{Effect, Shard};
use crate::forward::MeetingKey;
use crate::limits::{DATAGRAM_BYTES_MAX, REFRESHES_PER_PASS_MAX};
use crate::packet::SendBatch;
use crate::session::SessionKey;
use crate::time::Instant;

/// How often who-is-where is looked at when nothing has called for it.
const REFRESH: Duration = Duration::from_millis(100);

/// A session that nothing calls for is looked at this often.
const REST: Duration = Duration::from_secs(1);

/// Datagrams that one session's feedback takes at most: reports for all its slots and layers, a
/// request for each layer, and arrivals. A session with less room would lose what is due.
const FEEDBACK_DATAGRAMS_MAX: usize = 32;

impl Shard {
    /// When [`handle_timeout`](Self::handle_timeout) has something to do again.
    pub fn next_deadline(&self) -> Instant {
        let wheels = [&self.session_wheel, &self.meeting_wheel];
        let due = wheels.map(Wheel::next_deadline).into_iter().min();
        let turn = (!self.spread.is_empty()).then_some(self.next_turn);
        due.into_iter()
            .chain(turn)
            .min()
            .unwrap_or(Instant::FAR_FUTURE)
    }

    pub fn handle_timeout(&mut self, now: Instant, batch: &mut SendBatch) {
        self.counters.cache_chunks_refused = self.chunks.refused;
        self.refresh_meetings(now);
        // What finds no room stays due: the next pass goes on with it, at once.
        while batch.has_room_for(FEEDBACK_DATAGRAMS_MAX, DATAGRAM_BYTES_MAX)
            && let Some(index) = self.session_wheel.pop(now)
        {
            if self.sessions.contains(index) {
                self.visit_session(now, SessionKey(index), batch);
            }
        }
    }

    fn visit_session(&mut self, now: Instant, key: SessionKey, batch: &mut SendBatch) {
        if let Some(why) = self.sessions[key.0].expired(now) {
            self.close(now, key, why);
            return;
        }
        let addresses = &mut self.addresses;
        let session = &mut self.sessions[key.0];
        if now >= session.next_report {
            session.with_agent(|agent| agent.expire(now, |route| addresses.forget(route, key)));
        }
        let mut next = now + REST;
        if self.sessions[key.0].is_open() {
            let has_requests = self.send_feedback(now, key, batch);
            let session = &self.sessions[key.0];
            let feedback = session.arrivals.as_ref().and_then(|a| a.deadline());
            next = next.min(session.next_report).min(feedback.unwrap_or(next));
            if has_requests {
                next = now + TICK;
            }
        }
        // Not again in this tick, whatever is due.
        self.session_wheel.file(key.0, next.max(now + TICK));
    }

    /// Media of a session has come: when it is to be looked at for that.
    pub(super) fn note_media(&mut self, now: Instant, key: SessionKey) {
        let session = &self.sessions[key.0];
        let meeting = session.seat.meeting;
        let feedback = session.arrivals.as_ref().and_then(|a| a.deadline());
        let due = match self.meetings[meeting.0].take_loss() {
            true => Some(now),
            false => feedback,
        };
        if let Some(due) = due {
            self.session_wheel.file_sooner(key.0, due);
        }
        self.note_meeting(meeting);
    }

    /// Something may have changed in `meeting`: it is looked at in this pass.
    pub(super) fn note_meeting(&mut self, meeting: MeetingKey) {
        if let Some(known) = self.meetings.get_mut(meeting.0)
            && known.must_be_listed()
        {
            self.calling.push(meeting);
        }
    }

    fn refresh_meetings(&mut self, now: Instant) {
        // First those that have something to say, all of them: forwarding counts on it.
        while let Some(key) = self.calling.pop() {
            self.refresh_meeting(now, key);
            self.serve_requests(now, key);
        }
        for _ in 0..REFRESHES_PER_PASS_MAX {
            let Some(index) = self.meeting_wheel.pop(now) else {
                break;
            };
            self.refresh_meeting(now, MeetingKey(index));
            self.serve_requests(now, MeetingKey(index));
        }
    }

    fn refresh_meeting(&mut self, now: Instant, key: MeetingKey) {
        let effects = &mut self.effects;
        let Some(meeting) = self.meetings.get_mut(key.0) else {
            return;
        };
        if meeting.refresh(now, |report| effects.push(Effect::Report(report))) {
            self.meeting_wheel.file_sooner(key.0, now + REFRESH);
        }
    }

    /// Somebody in the meeting waits for a key frame: its publishers are asked in the next tick.
    fn serve_requests(&mut self, now: Instant, key: MeetingKey) {
        let Some(meeting) = self.meetings.get_mut(key.0) else {
            return;
        };
        let wheel = &mut self.session_wheel;
        meeting.take_requests(|session| wheel.file_sooner(session.0, now));
    }
}
