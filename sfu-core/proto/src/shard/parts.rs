//! Meetings with parts on several workers (DESIGN D3): what this worker hands over, and what others
//! have handed over to it.

use core::time::Duration;

use super::Shard;
use crate::dropped::Dropped;
use crate::forward::{Handover, decode};
use crate::ids::MeetingId;
use crate::time::Instant;

/// How finely announcements and wishes are timed: a voice that begins is known on all workers, and a
/// key frame is asked for, within this.
const TURN: Duration = Duration::from_millis(20);

/// Over which workers a meeting is spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The worker that speaks for the meeting.
    pub home: u8,
    /// All, the home and this one among them.
    pub parts: Vec<u8>,
}

impl Shard {
    /// A meeting that is open here has these parts from now on.
    pub fn spread(&mut self, meeting: MeetingId, spread: &Spread) {
        let Some(key) = self.meeting_keys.get(&meeting).copied() else {
            return; // It has ended meanwhile.
        };
        let (me, chunks) = (self.config.worker, &mut self.chunks);
        self.meetings[key.0].spread(me, spread.home, &spread.parts, chunks);
        if !self.spread.contains(&key) {
            self.spread.push(key);
        }
        self.note_meeting(key);
    }

    /// One message that worker `from` has handed over. Like a datagram it is only received; media
    /// waits for [`forward`](Self::forward).
    pub fn handle_handover(&mut self, now: Instant, from: u8, message: &[u8]) {
        if let Err(why) = self.take_handover(now, from, message) {
            self.counters.drop(why);
        }
    }

    fn take_handover(&mut self, now: Instant, from: u8, message: &[u8]) -> Result<(), Dropped> {
        let (meeting, message) = decode(message)?;
        let key = *self
            .meeting_keys
            .get(&meeting)
            .ok_or(Dropped::HandoverUnknown)?;
        let took = self.meetings[key.0].receive_remote(now, from, &message, &mut self.chunks);
        self.note_meeting(key);
        let took = took?;
        self.counters.packets_taken_over += u64::from(took.is_media);
        if took.is_first {
            self.to_forward.push_back(key);
        }
        Ok(())
    }

    /// Hands over what came in this pass to the workers that have viewers of it, and tells them what
    /// has changed. Call it before [`forward`](Self::forward): they work on it meanwhile.
    pub fn hand_over(&mut self, now: Instant, way: &mut impl Handover) {
        if self.spread.is_empty() {
            return;
        }
        let is_turn = now >= self.next_turn;
        if is_turn {
            self.next_turn = now + TURN;
        }
        for key in &self.spread {
            let (chunks, counters) = (&mut self.chunks, &mut self.counters);
            self.meetings[key.0].hand_over(now, is_turn, way, chunks, counters);
        }
    }
}
