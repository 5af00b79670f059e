//! RTCP, both ways: what viewers and publishers tell us, and what we tell them.

use core::time::Duration;

use super::Shard;
use crate::congestion::Arrivals;
use crate::counters::Counters;
use crate::dropped::Dropped;
use crate::forward::{Layer, MISSING_MAX, Slot};
use crate::ids::Ssrc;
use crate::limits::DATAGRAM_BYTES_MAX;
use crate::packet::{Datagram, SendBatch};
use crate::rtcp::{self, Full, Packet, ReportBlock, SenderInfo, Writer};
use crate::session::{Egress, Seat, Session, SessionKey};
use crate::time::{Instant, NtpTime};

/// How often reports are due: RFC 3550 §6.2 leaves less room, RFC 4585 §3.4 more; browsers do the
/// same.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Room for one compound packet in one datagram, its SRTCP index and tag included.
const COMPOUND_BYTES_MAX: usize = 1_200;
const _: () = assert!(COMPOUND_BYTES_MAX + 64 <= DATAGRAM_BYTES_MAX);

impl Shard {
    pub(super) fn handle_rtcp(
        &mut self,
        now: Instant,
        datagram: Datagram<'_>,
        batch: &mut SendBatch,
    ) -> Result<(), Dropped> {
        let key = self.addresses.session_at(datagram.route)?;
        let arrival = datagram.arrival;
        let compound = self.sessions[key.0].unprotect_rtcp(datagram.bytes)?;
        self.take_over(now, key);
        for packet in rtcp::packets(compound.bytes()) {
            let packet = match packet {
                Ok(packet) => packet,
                Err(why) => {
                    self.counters.drop(why); // What stands behind it may be sound.
                    continue;
                }
            };
            match packet {
                Packet::SenderReport(report) => {
                    self.layer_of(key, report.info.ssrc, |layer| {
                        layer.reception.sender_report(report.info.ntp, arrival);
                    });
                    self.measure_round_trip(now, key, report.blocks());
                }
                Packet::ReceiverReport(report) => {
                    self.measure_round_trip(now, key, report.blocks());
                }
                Packet::Nack(nack) => self.repair(now, key, &nack, batch),
                Packet::Pli(pli) => self.want_key_frame(key, pli.media),
                Packet::Fir(fir) => {
                    for entry in fir.entries() {
                        self.want_key_frame(key, entry.ssrc);
                    }
                }
                // A browser that leaves closes its DTLS; the estimator will want the feedback.
                Packet::Description(_)
                | Packet::Goodbye(_)
                | Packet::TransportFeedback(_)
                | Packet::Remb(_)
                | Packet::Other => (),
            }
        }
        Ok(())
    }

    fn want_key_frame(&mut self, key: SessionKey, source: Ssrc) {
        let seat = self.sessions[key.0].seat;
        self.meetings[seat.meeting.0].want_key_frame(seat.subscriber, source);
        self.note_meeting(seat.meeting);
    }

    fn layer_of(&mut self, key: SessionKey, source: Ssrc, then: impl Fn(&mut Layer)) {
        let seat = self.sessions[key.0].seat;
        self.meetings[seat.meeting.0].layers_of(seat.subscriber, |layer| {
            if layer.ssrc == Some(source) {
                then(layer);
            }
        });
    }

    /// RFC 3550 §6.4.1: now, less when our report left, less how long the far side held it.
    fn measure_round_trip(
        &mut self,
        now: Instant,
        key: SessionKey,
        blocks: impl Iterator<Item = ReportBlock>,
    ) {
        let middle = self.config.wall.ntp(now).middle();
        for block in blocks.filter(|block| block.last_sender_report != 0) {
            let units = middle
                .wrapping_sub(block.last_sender_report)
                .wrapping_sub(block.delay_since_last_sender_report);
            let round_trip = Duration::from_nanos(u64::from(units) * 1_000_000_000 / 65_536);
            // A far side that lies about its times changes only how often it is asked for repairs.
            if round_trip < Duration::from_secs(5) {
                self.sessions[key.0].round_trip = round_trip.max(Duration::from_millis(10));
            }
        }
    }

    /// A viewer asks for what it has not received.
    fn repair(
        &mut self,
        now: Instant,
        key: SessionKey,
        nack: &rtcp::Nack<'_>,
        batch: &mut SendBatch,
    ) {
        let seat = self.sessions[key.0].seat;
        let meeting = &mut self.meetings[seat.meeting.0];
        let mut egress = Egress {
            ntp: self.config.wall.ntp(now),
            pads: self.config.pads_packets,
            sessions: &mut self.sessions,
            chunks: &self.chunks,
            batch,
            counters: &mut self.counters,
            forwarded: &mut self.forwarded,
        };
        for sequence in nack.sequences() {
            let repaired = if egress.sessions[key.0].sending.repairs.take(now) {
                meeting.repair(&mut egress, seat.subscriber, nack.media, sequence)
            } else {
                Err(Dropped::NackBudget)
            };
            if let Err(why) = repaired {
                egress.counters.drop(why);
            }
        }
    }

    /// Everything that is due to one session now, in as few datagrams as hold it. Says whether a
    /// request of ours waits for its answer.
    pub(super) fn send_feedback(
        &mut self,
        now: Instant,
        key: SessionKey,
        batch: &mut SendBatch,
    ) -> bool {
        let ntp = self.config.wall.ntp(now);
        let session = &mut self.sessions[key.0];
        let Seat {
            meeting,
            subscriber,
        } = session.seat;
        let meeting = &mut self.meetings[meeting.0];
        let (sender, round_trip) = (session.feedback_source, session.round_trip);
        let mut arrivals = session.arrivals.take();
        let is_report_due = now >= session.next_report;
        if is_report_due {
            session.next_report = now + REPORT_INTERVAL;
        }
        let mut compound = Compound::new(session, batch, &mut self.counters);
        if is_report_due {
            for slot in meeting
                .slots_of(subscriber)
                .filter(|slot| slot.packets_sent > 0)
            {
                compound.add_sender_report(slot, now, ntp);
            }
        }
        let (mut published, mut has_requests) = (None, false);
        meeting.layers_of(subscriber, |layer| {
            published = published.or(layer.ssrc);
            if is_report_due {
                compound.add_receiver_report(layer, sender, now);
            }
            compound.add_requests(layer, sender, now, round_trip);
            has_requests |= layer.has_requests();
        });
        if let (Some(arrivals), Some(media)) = (&mut arrivals, published) {
            compound.add_arrivals(arrivals, sender, media, now);
        }
        compound.send();
        self.sessions[key.0].arrivals = arrivals;
        has_requests
    }
}

/// A compound packet (RFC 3550 §6.1; reduced-size as in RFC 5506) that goes out when it is full or
/// all is said.
struct Compound<'a> {
    scratch: [u8; COMPOUND_BYTES_MAX],
    used: usize,
    session: &'a mut Session,
    batch: &'a mut SendBatch,
    counters: &'a mut Counters,
}

impl<'a> Compound<'a> {
    fn new(session: &'a mut Session, batch: &'a mut SendBatch, counters: &'a mut Counters) -> Self {
        Self {
            scratch: [0; COMPOUND_BYTES_MAX],
            used: 0,
            session,
            batch,
            counters,
        }
    }

    /// Adds what `write` writes, in a datagram of its own if this one has no room for it.
    fn add(&mut self, mut write: impl FnMut(&mut Writer<'_>) -> Result<(), Full>) {
        let mut writer = Writer::new(&mut self.scratch[self.used..]);
        if write(&mut writer).is_ok() {
            self.used += writer.len();
        } else if self.used > 0 {
            self.send();
            self.add(write);
        }
    }

    fn send(&mut self) {
        if self.used > 0
            && let Err(why) = self
                .session
                .sending
                .protect_rtcp(&self.scratch[..self.used], self.batch)
        {
            self.counters.drop(why);
        }
        self.used = 0;
    }

    fn add_sender_report(&mut self, slot: &Slot, now: Instant, ntp: NtpTime) {
        #[expect(clippy::cast_possible_truncation, reason = "the wire has 32 bits")]
        let info = SenderInfo {
            ssrc: Ssrc(slot.source.ssrc),
            ntp,
            rtp_timestamp: slot.rtp_time(now) as u32,
            packet_count: slot.packets_sent,
            octet_count: slot.octets_sent,
        };
        self.add(|writer| {
            writer.sender_report(&info, &[])?;
            writer.description(&[info.ssrc], slot.cname().as_str())
        });
    }

    fn add_receiver_report(&mut self, layer: &mut Layer, sender: Ssrc, now: Instant) {
        let block = layer
            .ssrc
            .and_then(|ssrc| layer.reception.report(ssrc, now));
        if let Some(block) = block {
            self.add(|writer| writer.receiver_report(sender, &[block]));
        }
    }

    /// What the publisher of `layer` should send: what is missing, and a key frame if one is
    /// wanted.
    fn add_requests(
        &mut self,
        layer: &mut Layer,
        sender: Ssrc,
        now: Instant,
        round_trip: Duration,
    ) {
        let Some(media) = layer.ssrc else { return };
        if !layer.is_watched || !layer.is_repairable {
            layer.gap.clear();
            layer.keyframe.satisfied();
            return;
        }
        let mut missing = [0; MISSING_MAX];
        let mut count = 0;
        let gave_up = layer.gap.due(now, round_trip, |sequence| {
            #[expect(clippy::cast_possible_truncation, reason = "the wire has 16 bits")]
            let sequence = sequence as u16;
            missing[count] = sequence;
            count += 1;
        });
        if count > 0 {
            self.counters.repairs_requested += count as u64;
            let missing = missing[..count].iter().copied();
            self.add(|writer| match writer.nack(sender, media, missing.clone()) {
                Ok(taken) if taken < count => Err(Full),
                taken => taken.map(drop),
            });
        }
        if !layer.is_video() {
            return;
        }
        if gave_up {
            layer.keyframe.want();
        }
        if layer.keyframe.due(now) {
            self.counters.keyframes_requested += 1;
            self.add(|writer| writer.pli(sender, media));
        }
    }

    /// libwebrtc takes one transport feedback from each datagram, so each goes out alone.
    fn add_arrivals(&mut self, arrivals: &mut Arrivals, sender: Ssrc, media: Ssrc, now: Instant) {
        while arrivals.deadline().is_some_and(|due| now >= due) {
            let mut written = false;
            self.add(|writer| {
                written = arrivals.write_feedback(sender, media, writer);
                if written { Ok(()) } else { Err(Full) }
            });
            self.send();
            if !written {
                return;
            }
        }
    }
}
