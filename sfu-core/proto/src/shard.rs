//! Everything one worker owns, and a packet's whole way through it. A pass of the worker is:
//!
//! ```text
//!  handle_datagram*   receive: each datagram of the batch, media goes into its layer's cache
//!  handle_order*      what the sidecar and the handshake thread said meanwhile
//!  handle_handover*   the same for what other workers have handed over (DESIGN D3)
//!  handle_timeout     feedback, reports, expiry, who is where
//!  hand_over          what came, for other workers' parts of large meetings
//!  forward            rewrite and protect, viewer by viewer, until nothing is left
//! ```
//!
//! Bytes come in and go out through a [`SendBatch`]; everything else that should happen is an
//! [`Effect`] for the worker to carry out.

mod feedback;
mod handshake;
mod orders;
mod parts;
mod reserved;
mod timeouts;
mod wheel;

use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use slab::Slab;

use crate::control::{Fingerprint, Outcome, Report, SessionEnd, SessionPhase};
use crate::counters::Counters;
use crate::dropped::Dropped;
use crate::forward::{Chunks, Meeting, MeetingKey};
use crate::ice;
use crate::ids::{MeetingId, OperationId, SessionId};
use crate::limits;
use crate::packet::{Datagram, Protocol, SendBatch, protocol};
use crate::session::{AddressMap, Egress, Seat, Session, SessionKey};
use crate::srtp::CryptoBackend;
use crate::stun;
use crate::time::{Instant, WallClock};

use handshake::{FAREWELL_TIME, FAREWELLS_MAX, Farewell};
use wheel::Wheel;

pub use crate::forward::Handover;
pub use crate::forward::Moments;
pub use handshake::HandshakeEvent;
pub use parts::Spread;
pub use reserved::Reserved;

/// What a shard must be told once.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    pub worker: u8,
    /// Seeds every unguessable number of this shard: ICE passwords among them.
    pub seed: [u8; 32],
    pub wall: WallClock,
    /// Our certificate, as every answer names it.
    pub fingerprint: Fingerprint,
    /// Host candidates, best first.
    pub candidates: Vec<SocketAddr>,
    /// What seals and opens SRTP's AES-GCM.
    pub crypto: CryptoBackend,
    /// Pad packets that are a byte shorter than the next of their frame, so that they leave in one
    /// train. The same for the whole life of a shard: repeats depend on it.
    pub pads_packets: bool,
}

/// What should happen outside.
#[derive(Debug)]
pub enum Effect {
    Answer {
        operation: OperationId,
        outcome: Outcome,
    },
    Report(Report),
    /// A session wants a handshake with a certificate of this fingerprint.
    HandshakeBegin {
        session: SessionId,
        remote: Fingerprint,
    },
    /// DTLS records from an address that has passed an ICE check.
    HandshakeRecords {
        session: SessionId,
        bytes: Vec<u8>,
    },
    HandshakeEnd {
        session: SessionId,
    },
}

#[derive(Debug)]
pub struct Shard {
    config: ShardConfig,
    rng: ChaCha20Rng,
    addresses: AddressMap,
    sessions: Slab<Session>,
    sessions_begun: u64,
    meetings: Slab<Meeting>,
    /// The plain text of all layers.
    chunks: Chunks,
    session_keys: hashbrown::HashMap<SessionId, SessionKey>,
    meeting_keys: hashbrown::HashMap<MeetingId, MeetingKey>,
    farewells: Vec<Farewell>,
    /// Meetings with media to forward, in the order in which it came: none waits for ever behind
    /// others.
    to_forward: VecDeque<MeetingKey>,
    forwarded: Moments,
    /// Meetings that have called for a refresh.
    calling: Vec<MeetingKey>,
    session_wheel: Wheel,
    meeting_wheel: Wheel,
    /// Meetings with parts on other workers.
    spread: Vec<MeetingKey>,
    /// When the others hear again what goes by the clock.
    next_turn: Instant,
    effects: Vec<Effect>,
    pub counters: Counters,
}

impl Shard {
    pub fn new(config: ShardConfig) -> Self {
        let sessions = limits::SESSIONS_PER_WORKER_MAX;
        Self {
            rng: ChaCha20Rng::from_seed(config.seed),
            config,
            addresses: AddressMap::new(sessions, 2 * sessions),
            sessions: Slab::with_capacity(sessions),
            sessions_begun: 0,
            meetings: Slab::with_capacity(limits::MEETINGS_PER_WORKER_MAX),
            chunks: Chunks::default(),
            session_keys: hashbrown::HashMap::new(),
            meeting_keys: hashbrown::HashMap::new(),
            farewells: Vec::new(),
            to_forward: VecDeque::with_capacity(limits::MEETINGS_PER_WORKER_MAX),
            forwarded: Moments::with_room_for(8 * limits::RECEIVED_PER_PASS_MAX),
            calling: Vec::with_capacity(limits::MEETINGS_PER_WORKER_MAX),
            session_wheel: Wheel::new(sessions),
            meeting_wheel: Wheel::new(limits::MEETINGS_PER_WORKER_MAX),
            spread: Vec::new(),
            next_turn: Instant::default(),
            effects: Vec::new(),
            counters: Counters::default(),
        }
    }

    /// What has come up since it was last asked.
    pub fn effects(&mut self) -> std::vec::Drain<'_, Effect> {
        self.effects.drain(..)
    }

    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// One datagram. Answers that cannot wait (ICE) go into `batch`; media waits for [`forward`].
    ///
    /// [`forward`]: Self::forward
    pub fn handle_datagram(&mut self, now: Instant, datagram: Datagram<'_>, batch: &mut SendBatch) {
        self.counters.datagrams_received += 1;
        let handled = match protocol(datagram.bytes) {
            Ok(Protocol::Rtp) => self.handle_rtp(now, datagram),
            Ok(Protocol::Rtcp) => self.handle_rtcp(now, datagram, batch),
            Ok(Protocol::Stun) => self.handle_stun(now, &datagram, batch),
            Ok(Protocol::Dtls) => self.handle_dtls(now, &datagram),
            Err(why) => Err(why),
        };
        if let Err(why) = handled {
            self.counters.drop(why);
        }
    }

    /// Media on its way in: unprotect, receive.
    fn handle_rtp(&mut self, now: Instant, datagram: Datagram<'_>) -> Result<(), Dropped> {
        let key = self.addresses.session_at(datagram.route)?;
        let arrival = datagram.arrival;
        let media = self.sessions[key.0].unprotect(datagram)?;
        self.take_over(now, key);
        let Seat {
            meeting,
            subscriber,
        } = self.sessions[key.0].seat;
        let is_repair = media.origin.is_repair;
        let received =
            self.meetings[meeting.0].receive(subscriber, arrival, &media, &mut self.chunks);
        self.note_media(now, key);
        if received? {
            self.to_forward.push_back(meeting);
        }
        self.counters.packets_received += 1;
        self.counters.repairs_received += u64::from(is_repair);
        Ok(())
    }

    /// When the media came that has been forwarded since this was last asked.
    pub fn forwarded(&mut self) -> &mut Moments {
        &mut self.forwarded
    }

    /// Media on its way out: rewrite, protect. Returns whether all is done; if not, the batch is
    /// full: send it and call again.
    pub fn forward(&mut self, now: Instant, batch: &mut SendBatch) -> bool {
        while let Some(meeting) = self.to_forward.front().copied() {
            let mut egress = Egress {
                ntp: self.config.wall.ntp(now),
                pads: self.config.pads_packets,
                sessions: &mut self.sessions,
                chunks: &self.chunks,
                batch,
                counters: &mut self.counters,
                forwarded: &mut self.forwarded,
            };
            let Some(meeting) = self.meetings.get_mut(meeting.0) else {
                self.to_forward.pop_front(); // It ended meanwhile.
                continue;
            };
            if !meeting.forward(&mut egress) {
                self.counters.batch_full += 1;
                return false;
            }
            self.to_forward.pop_front();
        }
        true
    }

    /// An ICE check (RFC 8445 §7.3).
    fn handle_stun(
        &mut self,
        now: Instant,
        datagram: &Datagram<'_>,
        batch: &mut SendBatch,
    ) -> Result<(), Dropped> {
        let message = stun::Message::parse(datagram.bytes)?;
        let (local_ufrag, _) = message.username().ok_or(Dropped::StunUnknownUser)?;
        let key = self.addresses.session_named(local_ufrag)?;
        if let Ok(owner) = self.addresses.session_at(datagram.route)
            && owner != key
            && self.sessions[owner.0].agent().is_valid(datagram.route)
        {
            // Whoever knows one password could otherwise take over another's address by spoofing.
            return Err(Dropped::StunAddressTaken);
        }
        let session = &mut self.sessions[key.0];
        let checked =
            session.with_agent(|agent| agent.handle_check(now, datagram.route, &message, batch))?;
        self.counters.checks_answered += 1;
        if let Some(evicted) = checked.evicted {
            self.addresses.forget(evicted, key);
        }
        if checked.new_address {
            self.addresses.learn(datagram.route, key);
        }
        if let Some(retired) = session.with_agent(ice::Agent::take_retired_ufrag) {
            self.addresses.forget_name(&retired);
        }
        if session.phase == SessionPhase::Checking && session.agent().selected().is_some() {
            let (session, remote) = (session.id, session.fingerprint);
            self.effects
                .push(Effect::HandshakeBegin { session, remote });
            self.enter(now, key, SessionPhase::Handshaking);
        }
        Ok(())
    }

    /// DTLS goes to the handshake thread, once ICE has passed (DESIGN D7).
    fn handle_dtls(&mut self, now: Instant, datagram: &Datagram<'_>) -> Result<(), Dropped> {
        let key = self.addresses.session_at(datagram.route)?;
        let session = &mut self.sessions[key.0];
        if !session.handshake.take(now) {
            return Err(Dropped::DtlsFlood);
        }
        self.effects.push(Effect::HandshakeRecords {
            session: session.id,
            bytes: datagram.bytes.to_vec(),
        });
        Ok(())
    }

    /// The first media of a session ends the participant's older ones (DESIGN D2). The older one's
    /// own may come late: it ends nobody.
    fn take_over(&mut self, now: Instant, key: SessionKey) {
        let session = &mut self.sessions[key.0];
        if session.has_media {
            return;
        }
        session.has_media = true;
        let (participant, number) = (session.participant, session.number);
        let older: Vec<_> = self.meetings[session.seat.meeting.0]
            .sessions_of(participant)
            .filter(|other| self.sessions[other.0].number < number)
            .collect();
        for other in older {
            self.close(now, other, SessionEnd::TakenOver);
        }
    }

    fn enter(&mut self, now: Instant, key: SessionKey, phase: SessionPhase) {
        let session = &mut self.sessions[key.0];
        session.enter(phase, now);
        self.effects.push(Effect::Report(Report::Session {
            meeting: self.meetings[session.seat.meeting.0].id,
            session: session.id,
            participant: session.participant,
            phase,
        }));
    }

    fn close(&mut self, now: Instant, key: SessionKey, why: SessionEnd) {
        self.enter(now, key, SessionPhase::Closed(why));
        let session = self.sessions.remove(key.0);
        self.session_keys.remove(&session.id);
        self.addresses.remove(key, session.agent());
        let Seat {
            meeting,
            subscriber,
        } = session.seat;
        self.meetings[meeting.0].dismiss(subscriber, &mut self.chunks);
        self.note_meeting(meeting);
        self.session_wheel.take_out(key.0);
        self.farewells.retain(|farewell| now < farewell.until);
        // Who has gone by itself, or never came, needs no farewell.
        let is_ours = matches!(
            why,
            SessionEnd::Ordered | SessionEnd::TakenOver | SessionEnd::ConsentExpired
        );
        if let Some(route) = session.agent().selected()
            && is_ours
            && self.farewells.len() < FAREWELLS_MAX
        {
            let (session, until) = (session.id, now + FAREWELL_TIME);
            self.farewells.push(Farewell {
                session,
                route,
                until,
            });
        }
        self.effects.push(Effect::HandshakeEnd {
            session: session.id,
        });
        self.counters.sessions_closed += 1;
    }
}
