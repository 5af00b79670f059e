//! A session: one transport of a participant, ICE and DTLS and SRTP joined. It knows its own
//! numbering (payload types, extension ids, mids) and nothing of who forwards what to whom.

use core::time::Duration;

use super::Seat;
use super::sending::Sending;
use super::sources::{Origin, Sources};
use super::token_bucket::TokenBucket;
use crate::congestion::Arrivals;
use crate::control::{ExtensionIds, Fingerprint, SessionOpened, SessionPhase, SessionPlan};
use crate::dropped::Dropped;
use crate::ice;
use crate::ids::{ParticipantId, SessionId, Ssrc};
use crate::limits;
use crate::packet::Datagram;
use crate::rtp::Extensions;
use crate::srtp::{
    Authenticated, AuthenticatedRtcp, CryptoBackend, Inbound, KeyingMaterial, Outbound,
};
use crate::time::Instant;

/// Assumed until the first report tells: a typical way to a nearby data centre and back.
const ROUND_TRIP_ASSUMED: Duration = Duration::from_millis(80);

/// Datagrams of handshake that one session may send: a few flights at once, then a slow repetition.
/// Nobody's flood may push the others' out of the handshake thread's queue.
const HANDSHAKE_BURST: u64 = 32;
const HANDSHAKE_PER_SECOND: u64 = 20;

/// One media packet, proved to be its publisher's.
#[derive(Debug)]
pub(crate) struct Media<'a> {
    pub packet: Authenticated<'a>,
    pub origin: Origin,
    /// Its source was not known before.
    pub is_new: bool,
    pub extensions: Extensions,
}

#[derive(Debug)]
pub(crate) struct Session {
    /// All that sending a packet touches.
    pub sending: Sending,
    pub id: SessionId,
    /// Counts the sessions of the shard: a later one is newer.
    pub number: u64,
    pub seat: Seat,
    pub participant: ParticipantId,
    /// What the far side's certificate must hash to.
    pub fingerprint: Fingerprint,
    /// Boxed: of it only checks and expiry need more than `sending` knows.
    agent: Box<ice::Agent>,
    pub phase: SessionPhase,
    pub phase_since: Instant,
    /// What the sidecar was told when it opened; told again when it repeats itself.
    pub opened: SessionOpened,
    /// Our own source for feedback to the publisher.
    pub feedback_source: Ssrc,
    /// Its first packet has come: older sessions of the participant have ended.
    pub has_media: bool,
    pub round_trip: Duration,
    pub arrivals: Option<Arrivals>,
    pub next_report: Instant,
    sources: Sources,
    extensions: ExtensionIds,
    inbound: Option<Inbound>,
    /// What it may still send to the handshake thread.
    pub handshake: TokenBucket,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        number: u64,
        seat: Seat,
        plan: &SessionPlan,
        opened: SessionOpened,
        feedback_source: Ssrc,
        now: Instant,
    ) -> Self {
        Self {
            sending: Sending::new(plan.extensions, now),
            id,
            number,
            seat,
            participant: plan.participant,
            fingerprint: plan.fingerprint,
            agent: Box::new(ice::Agent::new(opened.ice.clone(), plan.ice.clone(), now)),
            phase: SessionPhase::Checking,
            phase_since: now,
            opened,
            feedback_source,
            has_media: false,
            round_trip: ROUND_TRIP_ASSUMED,
            arrivals: plan.extensions.transport_cc.map(|_| Arrivals::default()),
            next_report: now,
            sources: Sources::new(plan.publish.clone()),
            extensions: plan.extensions,
            inbound: None,
            handshake: TokenBucket::new(HANDSHAKE_BURST, HANDSHAKE_PER_SECOND, now),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.sending.is_open()
    }

    pub(crate) fn agent(&self) -> &ice::Agent {
        &self.agent
    }

    /// Lets `change` at the agent, and sends from now on where it says.
    pub(crate) fn with_agent<T>(&mut self, change: impl FnOnce(&mut ice::Agent) -> T) -> T {
        let changed = change(&mut self.agent);
        self.sending.route = self.agent.selected();
        changed
    }

    pub(crate) fn enter(&mut self, phase: SessionPhase, now: Instant) {
        self.phase = phase;
        self.phase_since = now;
    }

    /// The handshake has given its keys: we are the server (DESIGN D7).
    pub(crate) fn open(&mut self, crypto: CryptoBackend, keys: &KeyingMaterial) {
        self.inbound = Some(Inbound::over(crypto, keys.profile, &keys.client));
        self.sending
            .open(Outbound::over(crypto, keys.profile, &keys.server));
    }

    /// **Unprotect**: a datagram becomes a packet of a known source, or stops here.
    pub(crate) fn unprotect<'a>(&mut self, datagram: Datagram<'a>) -> Result<Media<'a>, Dropped> {
        let inbound = self.inbound.as_mut().ok_or(Dropped::SrtpNoKeys)?;
        let packet = inbound.unprotect_rtp(datagram.bytes)?;
        let extensions = Extensions::read(packet.header(), packet.packet(), &self.extensions);
        if let (Some(arrivals), Some(number)) = (&mut self.arrivals, extensions.transport_cc) {
            arrivals.record(number, datagram.arrival);
        }
        let (origin, is_new) = self.sources.identify(packet.header(), &extensions)?;
        Ok(Media {
            packet,
            origin,
            is_new,
            extensions,
        })
    }

    pub(crate) fn unprotect_rtcp<'a>(
        &mut self,
        bytes: &'a mut [u8],
    ) -> Result<AuthenticatedRtcp<'a>, Dropped> {
        self.inbound
            .as_mut()
            .ok_or(Dropped::SrtpNoKeys)?
            .unprotect_rtcp(bytes)
    }

    /// Whether its time is up, and why.
    pub(crate) fn expired(&self, now: Instant) -> Option<crate::control::SessionEnd> {
        use crate::control::SessionEnd;
        let waited = now.since(self.phase_since);
        match self.phase {
            SessionPhase::Checking if waited >= limits::CHECKING_TIME_MAX => {
                Some(SessionEnd::NeverConnected)
            }
            SessionPhase::Handshaking if waited >= limits::HANDSHAKE_TIME_MAX => {
                Some(SessionEnd::HandshakeFailed)
            }
            SessionPhase::Handshaking | SessionPhase::Open
                if now >= self.agent.consent_deadline() =>
            {
                Some(SessionEnd::ConsentExpired)
            }
            _ => None,
        }
    }
}
