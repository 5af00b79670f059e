//! What the handshake thread says of a session.

use super::Shard;
use crate::control::{SessionEnd, SessionPhase};
use crate::dropped::Dropped;
use crate::ids::SessionId;
use crate::packet::SendBatch;
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
            return;
        };
        match event {
            HandshakeEvent::Records(bytes) => {
                let route = self.sessions[key.0].route();
                let slot = route
                    .ok_or(Dropped::UnknownAddress)
                    .and_then(|route| batch.slot(route, bytes.len()));
                match slot {
                    Ok(slot) => slot.copy_from_slice(&bytes),
                    Err(why) => self.counters.drop(why),
                }
            }
            // The same keys with counters begun anew would use every nonce again (DESIGN D6).
            HandshakeEvent::Keys(_) if self.sessions[key.0].phase == SessionPhase::Open => (),
            HandshakeEvent::Keys(keys) => {
                self.sessions[key.0].open(&keys, now);
                self.counters.sessions_opened += 1;
                let phase = self.sessions[key.0].phase;
                self.enter(now, key, phase);
                self.meetings[self.sessions[key.0].meeting].opened(key);
            }
            HandshakeEvent::Ended(why) => self.close(now, key, why),
        }
    }
}
