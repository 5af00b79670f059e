//! What happens by the clock: feedback to publishers, reports to viewers, expiry, who is where.

use core::time::Duration;

use super::{Effect, Shard};
use crate::packet::SendBatch;
use crate::session::SessionKey;
use crate::time::Instant;

/// How finely repairs and feedback are timed. Losses are asked for within one tick, which also
/// gives reordered packets that long to arrive by themselves.
const TICK: Duration = Duration::from_millis(10);

/// How often who-is-where is looked at when nothing has called for it.
const REFRESH: Duration = Duration::from_millis(100);

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
        self.next_tick = now + TICK;
        for index in 0..self.sessions.capacity() {
            if self.sessions.contains(index) {
                self.tick_session(now, SessionKey(index), batch);
            }
        }
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
            if is_turn || meeting.wants_refresh() {
                meeting.refresh(now, |report| effects.push(Effect::Report(report)));
            }
        }
    }
}
