//! The way out of a pass: forwarding hands packets here, the viewer's session protects them.

use slab::Slab;

use super::{Session, SessionKey};
use crate::counters::Counters;
use crate::forward::{Chunks, Moments, Outgoing};
use crate::limits::DATAGRAM_BYTES_MAX;
use crate::packet::SendBatch;
use crate::time::NtpTime;

/// Everything that sending needs, borrowed for one pass.
#[derive(Debug)]
pub(crate) struct Egress<'a> {
    /// The time of this pass, as headers carry it.
    pub ntp: NtpTime,
    /// Whether packets may be padded.
    pub pads: bool,
    pub sessions: &'a mut Slab<Session>,
    /// Where the plain text lies.
    pub chunks: &'a Chunks,
    pub batch: &'a mut SendBatch,
    pub counters: &'a mut Counters,
    /// When what has been forwarded came.
    pub forwarded: &'a mut Moments,
}

impl Egress<'_> {
    pub(crate) fn is_open(&self, session: SessionKey) -> bool {
        self.sessions.get(session.0).is_some_and(Session::is_open)
    }

    /// Room for `count` packets, or nothing is in the batch yet: then it is as good as it gets.
    pub(crate) fn has_room(&self, count: usize) -> bool {
        self.batch.is_empty()
            || !self.batch.is_due() && self.batch.has_room_for(count, DATAGRAM_BYTES_MAX)
    }

    /// **Protect**: seals one packet for `session` into the batch. What cannot be sent is counted.
    pub(crate) fn protect(&mut self, session: SessionKey, outgoing: &Outgoing<'_>) -> bool {
        let Some(session) = self.sessions.get_mut(session.0) else {
            return false;
        };
        let session = &mut session.sending;
        match session.protect(self.ntp, self.pads, outgoing, self.batch) {
            Ok(()) => {
                session.earn_repair(outgoing);
                true
            }
            Err(why) => {
                self.counters.drop(why);
                false
            }
        }
    }
}
