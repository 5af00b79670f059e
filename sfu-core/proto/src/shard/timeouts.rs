//! What happens by the clock: feedback to publishers, reports to viewers, expiry, who is where.

use core::time::Duration;

use super::{Effect, Shard};
use crate::limits::DATAGRAM_BYTES_MAX;
use crate::packet::SendBatch;
use crate::session::SessionKey;
use crate::time::Instant;

/// How finely repairs and feedback are timed. Losses are asked for within one tick, which also
/// gives reordered packets that long to arrive by themselves.
const TICK: Duration = Duration::from_millis(10);

/// How often who-is-where is looked at when nothing has called for it.
const REFRESH: Duration = Duration::from_millis(100);

/// Datagrams that one session's feedback takes at most: reports for all its slots and layers, a
/// request for each layer, and arrivals. A session with less room would lose what is due.
const FEEDBACK_DATAGRAMS_MAX: usize = 32;

impl Shard {
    /// When [`handle_timeout`](Self::handle_timeout) has something to do again.
    pub fn next_deadline(&self) -> Instant {
        match self.sessions.is_empty() {
            true => Instant::FAR_FUTURE,
            false => self.next_tick,
        }
    }

    pub fn handle_timeout(&mut self, now: Instant, batch: &mut SendBatch) {
        self.refresh_meetings(now);
        if now < self.next_tick {
            return;
        }
        // By index, since a session may end on the way.
        for index in self.tick_from..self.sessions.capacity() {
            if !batch.has_room_for(FEEDBACK_DATAGRAMS_MAX, DATAGRAM_BYTES_MAX) {
                self.tick_from = index; // The next pass goes on from here, at once.
                return;
            }
            if self.sessions.contains(index) {
                self.tick_session(now, SessionKey(index), batch);
            }
        }
        self.tick_from = 0;
        self.next_tick = now + TICK;
    }

    fn tick_session(&mut self, now: Instant, key: SessionKey, batch: &mut SendBatch) {
        if let Some(why) = self.sessions[key.0].expired(now) {
            self.close(now, key, why);
            return;
        }
        let addresses = &mut self.addresses;
        self.sessions[key.0]
            .agent
            .expire(now, |route| addresses.forget(route, key));
        if self.sessions[key.0].is_open() {
            self.send_feedback(now, key, batch);
        }
    }

    fn refresh_meetings(&mut self, now: Instant) {
        let is_turn = now >= self.next_refresh;
        if is_turn {
            self.next_refresh = now + REFRESH;
        }
        let effects = &mut self.effects;
        for (_, meeting) in &mut self.meetings {
            if is_turn || meeting.is_stale() {
                meeting.refresh(now, |report| effects.push(Effect::Report(report)));
            }
        }
    }
}
