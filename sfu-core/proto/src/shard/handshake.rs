//! What the handshake thread says of a session.

use core::time::Duration;

use super::Shard;
use crate::control::{SessionEnd, SessionPhase};
use crate::dropped::Dropped;
use crate::ids::SessionId;
use crate::packet::{Route, SendBatch};
use crate::session::Seat;
use crate::srtp::KeyingMaterial;
use crate::time::Instant;

#[derive(Debug)]
pub enum HandshakeEvent {
    /// One datagram of records for the far side.
    Records(Vec<u8>),
    /// The certificate fits and the handshake is done.
    Keys(KeyingMaterial),
    Ended(SessionEnd),
}

impl Shard {
    pub fn handle_handshake(
        &mut self,
        now: Instant,
        session: SessionId,
        event: HandshakeEvent,
        batch: &mut SendBatch,
    ) {
        let Some(key) = self.session_keys.get(&session).copied() else {
            return self.say_farewell(now, session, event, batch);
        };
        match event {
            HandshakeEvent::Records(bytes) => {
                let route = self.sessions[key.0].agent().selected();
                self.send_records(route, &bytes, batch);
            }
            // The same keys with counters begun anew would use every nonce again (DESIGN D6).
            HandshakeEvent::Keys(_) if self.sessions[key.0].phase == SessionPhase::Open => (),
            HandshakeEvent::Keys(keys) => {
                let session = &mut self.sessions[key.0];
                session.open(self.config.crypto, &keys);
                let Seat {
                    meeting,
                    subscriber,
                } = session.seat;
                self.counters.sessions_opened += 1;
                self.enter(now, key, SessionPhase::Open);
                self.meetings[meeting.0].opened(subscriber);
                self.note_meeting(meeting);
                self.session_wheel.file_sooner(key.0, now);
            }
            HandshakeEvent::Ended(why) => self.close(now, key, why),
        }
    }

    /// The close_notify of a session that has ended: the far side should know at once, not by the
    /// loss of consent.
    fn say_farewell(
        &mut self,
        now: Instant,
        session: SessionId,
        event: HandshakeEvent,
        batch: &mut SendBatch,
    ) {
        self.farewells.retain(|farewell| now < farewell.until);
        let left = self
            .farewells
            .iter()
            .find(|farewell| farewell.session == session);
        if let (HandshakeEvent::Records(bytes), Some(farewell)) = (event, left) {
            self.send_records(Some(farewell.route), &bytes, batch);
        }
    }

    fn send_records(&mut self, route: Option<Route>, bytes: &[u8], batch: &mut SendBatch) {
        let slot = route
            .ok_or(Dropped::UnknownAddress)
            .and_then(|route| batch.slot(route, bytes.len()));
        match slot {
            Ok(slot) => slot.copy_from_slice(bytes),
            Err(why) => self.counters.drop(why),
        }
    }
}

/// Where a session was when it ended, kept until its handshake engine has said goodbye.
#[derive(Debug)]
pub(super) struct Farewell {
    pub session: SessionId,
    pub route: Route,
    pub until: Instant,
}

/// The handshake thread answers within milliseconds.
pub(super) const FAREWELL_TIME: Duration = Duration::from_secs(1);
/// More at a time (a large meeting that ends) learn by the loss of consent.
pub(super) const FAREWELLS_MAX: usize = 1_000;
