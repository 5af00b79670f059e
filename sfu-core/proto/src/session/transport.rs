//! A session: one transport of a participant, ICE and DTLS and SRTP joined. It knows its own
//! numbering (payload types, extension ids, mids) and nothing of who forwards what to whom.

use core::time::Duration;

use super::Seat;
use super::sources::{Origin, Sources};
use super::token_bucket::{TOKEN, TokenBucket};
use crate::congestion::Arrivals;
use crate::control::{ExtensionIds, Fingerprint, SessionOpened, SessionPhase, SessionPlan};
use crate::dropped::Dropped;
use crate::forward::Outgoing;
use crate::ice;
use crate::ids::{ParticipantId, SessionId, Ssrc};
use crate::limits;
use crate::packet::{Datagram, SendBatch};
use crate::rtp::{AbsSendTime, ExtensionPlan, Extensions, HeaderPlan, rtx, writer};
use crate::srtp::{
    Authenticated, AuthenticatedRtcp, CryptoBackend, Inbound, KeyingMaterial, Outbound,
};
use crate::time::{Instant, NtpTime};

/// Assumed until the first report tells: a typical way to a nearby data centre and back.
const ROUND_TRIP_ASSUMED: Duration = Duration::from_millis(80);

/// Repairs a viewer may ask for: a burst, then a fifth of what it is sent, and a few more so that
/// one who receives little can be helped too. It bounds what one viewer's loss, or malice, may cost
/// the others (RFC 4588 §7 asks for a bound).
const REPAIRS_BURST: u64 = 300;
const REPAIRS_PER_SECOND: u64 = 50;
const REPAIR_EARNED_PER_PACKET: u64 = TOKEN / 5;

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
    pub id: SessionId,
    /// Counts the sessions of the shard: a later one is newer.
    pub number: u64,
    pub seat: Seat,
    pub participant: ParticipantId,
    /// What the far side's certificate must hash to.
    pub fingerprint: Fingerprint,
    pub agent: ice::Agent,
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
    outbound: Option<Outbound>,
    /// What it may still ask to be repeated.
    pub repairs: TokenBucket,
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
            id,
            number,
            seat,
            participant: plan.participant,
            fingerprint: plan.fingerprint,
            agent: ice::Agent::new(opened.ice.clone(), plan.ice.clone(), now),
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
            outbound: None,
            repairs: TokenBucket::new(REPAIRS_BURST, REPAIRS_PER_SECOND, now),
            handshake: TokenBucket::new(HANDSHAKE_BURST, HANDSHAKE_PER_SECOND, now),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.outbound.is_some() && self.agent.selected().is_some()
    }

    pub(crate) fn enter(&mut self, phase: SessionPhase, now: Instant) {
        self.phase = phase;
        self.phase_since = now;
    }

    /// The handshake has given its keys: we are the server (DESIGN D7).
    pub(crate) fn open(&mut self, crypto: CryptoBackend, keys: &KeyingMaterial) {
        self.inbound = Some(Inbound::over(crypto, keys.profile, &keys.client));
        self.outbound = Some(Outbound::over(crypto, keys.profile, &keys.server));
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

    /// **Protect**: header, payload and tag, written straight into the slot that will be sent.
    pub(crate) fn protect(
        &mut self,
        ntp: NtpTime,
        pads: bool,
        outgoing: &Outgoing<'_>,
        batch: &mut SendBatch,
    ) -> Result<(), Dropped> {
        let route = self.agent.selected().ok_or(Dropped::UnknownAddress)?;
        let outbound = self.outbound.as_mut().ok_or(Dropped::SrtpNoKeys)?;
        let padding = if pads { outgoing.padding } else { 0 };
        let header = writer::write(&header_plan(&self.extensions, ntp, padding > 0, outgoing));
        let header_len = header.as_bytes().len();
        let osn_len = if outgoing.repairs.is_some() {
            rtx::OSN_BYTES
        } else {
            0
        };
        let payload_end = header_len + osn_len + outgoing.payload.len();
        let plain_len = payload_end + usize::from(padding);

        let slot = batch.slot(route, outbound.rtp_len(plain_len))?;
        slot[..header_len].copy_from_slice(header.as_bytes());
        if let Some(sequence) = outgoing.repairs {
            slot[header_len..header_len + osn_len].copy_from_slice(&rtx::osn(sequence));
        }
        let payload = &mut slot[header_len + osn_len..payload_end];
        payload.copy_from_slice(outgoing.payload);
        outgoing.vp8.write(payload);
        if let [zeros @ .., count] = &mut slot[payload_end..plain_len] {
            // Its last byte counts the padding, itself included (RFC 3550 §5.1).
            zeros.fill(0);
            *count = padding;
        }
        outbound
            .protect_rtp(header_len, outgoing.sequence, slot)
            .inspect_err(|_| {
                batch.cancel_last();
            })
    }

    /// What is sent for the first time earns a share of a repair.
    pub(crate) fn earn_repair(&mut self, sent: &Outgoing<'_>) {
        if !sent.is_repeat {
            self.repairs.earn(REPAIR_EARNED_PER_PACKET);
        }
    }

    /// Protects one compound RTCP packet.
    pub(crate) fn protect_rtcp(
        &mut self,
        plain: &[u8],
        batch: &mut SendBatch,
    ) -> Result<(), Dropped> {
        let route = self.agent.selected().ok_or(Dropped::UnknownAddress)?;
        let outbound = self.outbound.as_mut().ok_or(Dropped::SrtpNoKeys)?;
        let slot = batch.slot(route, outbound.rtcp_len(plain.len()))?;
        slot[..plain.len()].copy_from_slice(plain);
        outbound
            .protect_rtcp(slot)
            .inspect_err(|_| batch.cancel_last())
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

fn header_plan(
    ids: &ExtensionIds,
    ntp: NtpTime,
    has_padding: bool,
    outgoing: &Outgoing<'_>,
) -> HeaderPlan {
    // A packet that may be repeated under its own number must not depend on the time of sending.
    let send_time = ids.abs_send_time.filter(|_| outgoing.has_repair_stream);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "narrowed at the door, as the wire has it"
    )]
    HeaderPlan {
        marker: outgoing.marker,
        payload_type: outgoing.payload_type,
        sequence: outgoing.sequence as u16,
        timestamp: outgoing.timestamp as u32,
        ssrc: outgoing.ssrc,
        csrc: outgoing.participant,
        has_padding,
        extensions: ExtensionPlan {
            mid: ids.mid.map(|id| (id, outgoing.mid)),
            abs_send_time: send_time.map(|id| (id, AbsSendTime::from(ntp))),
            audio_level: ids.audio_level.zip(outgoing.audio_level),
            transport_cc: None,
        },
    }
}
