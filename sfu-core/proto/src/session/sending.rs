//! The half of a session that sending touches, for each packet to it, side by side: where it is, its
//! key, its extension ids, its budget of repairs. What else a session has lies apart, so that twenty
//! thousand streams share the caches of the processor with as little as can be.

use crate::control::ExtensionIds;
use crate::dropped::Dropped;
use crate::forward::Outgoing;
use crate::packet::{Route, SendBatch};
use crate::rtp::{AbsSendTime, ExtensionPlan, HeaderPlan, rtx, writer};
use crate::srtp::Outbound;
use crate::time::{Instant, NtpTime};

use super::token_bucket::{TOKEN, TokenBucket};

/// Repairs a viewer may ask for: a burst, then a fifth of what it is sent, and a few more so that
/// one who receives little can be helped too. It bounds what one viewer's loss, or malice, may cost
/// the others (RFC 4588 §7 asks for a bound).
const REPAIRS_BURST: u64 = 300;
const REPAIRS_PER_SECOND: u64 = 50;
const REPAIR_EARNED_PER_PACKET: u64 = TOKEN / 5;

#[derive(Debug)]
pub(crate) struct Sending {
    /// Where to: as the ICE agent has selected.
    pub(super) route: Option<Route>,
    extensions: ExtensionIds,
    /// What it may still ask to be repeated.
    pub repairs: TokenBucket,
    outbound: Option<Outbound>,
}

// Beside the key, without which nothing can be sealed.
const _: () = assert!(size_of::<Sending>() - size_of::<Option<Outbound>>() <= 128);

impl Sending {
    pub(super) fn new(extensions: ExtensionIds, now: Instant) -> Self {
        Self {
            route: None,
            extensions,
            repairs: TokenBucket::new(REPAIRS_BURST, REPAIRS_PER_SECOND, now),
            outbound: None,
        }
    }

    pub(super) fn open(&mut self, outbound: Outbound) {
        self.outbound = Some(outbound);
    }

    pub(super) fn is_open(&self) -> bool {
        self.outbound.is_some() && self.route.is_some()
    }

    /// **Protect**: header, payload and tag, written straight into the slot that will be sent.
    pub(crate) fn protect(
        &mut self,
        ntp: NtpTime,
        pads: bool,
        outgoing: &Outgoing<'_>,
        batch: &mut SendBatch,
    ) -> Result<(), Dropped> {
        let route = self.route.ok_or(Dropped::UnknownAddress)?;
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
        let route = self.route.ok_or(Dropped::UnknownAddress)?;
        let outbound = self.outbound.as_mut().ok_or(Dropped::SrtpNoKeys)?;
        let slot = batch.slot(route, outbound.rtcp_len(plain.len()))?;
        slot[..plain.len()].copy_from_slice(plain);
        outbound
            .protect_rtcp(slot)
            .inspect_err(|_| batch.cancel_last())
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
