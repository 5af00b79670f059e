//! The way out of a pass: forwarding hands packets here, the viewer's session protects them.

use slab::Slab;

use super::sending::Sending;
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
    /// The way to one viewer; `None` while its transport can carry nothing.
    pub(crate) fn to(&mut self, viewer: SessionKey) -> Option<WayOut<'_>> {
        let sending = &mut self.sessions.get_mut(viewer.0)?.sending;
        sending.is_open().then_some(WayOut {
            ntp: self.ntp,
            pads: self.pads,
            sending,
            batch: self.batch,
            counters: self.counters,
        })
    }

    /// Room for `count` packets, or nothing is in the batch yet: then it is as good as it gets.
    pub(crate) fn has_room(&self, count: usize) -> bool {
        self.batch.is_empty()
            || !self.batch.is_due() && self.batch.has_room_for(count, DATAGRAM_BYTES_MAX)
    }
}

/// The way to one viewer, looked up once for all of its packets.
#[derive(Debug)]
pub(crate) struct WayOut<'a> {
    ntp: NtpTime,
    pads: bool,
    sending: &'a mut Sending,
    batch: &'a mut SendBatch,
    pub counters: &'a mut Counters,
}

impl WayOut<'_> {
    /// **Protect**: seals one packet into the batch. What cannot be sent is counted.
    pub(crate) fn protect(&mut self, outgoing: &Outgoing<'_>) -> bool {
        let protected = self
            .sending
            .protect(self.ntp, self.pads, outgoing, self.batch);
        match protected {
            Ok(()) => {
                self.sending.earn_repair(outgoing);
                true
            }
            Err(why) => {
                self.counters.drop(why);
                false
            }
        }
    }
}
