//! One of a viewer's fixed slots (DESIGN D1): a single stream, whoever it carries.

use core::time::Duration;

use super::cache::Cached;
use super::chunks::Chunks;
use super::cname::Cname;
use super::layer::{Layer, LayerKey};
use super::outgoing::Outgoing;
use super::rewrite::{Rewrite, Rewritten};
use super::track::TrackKey;
use crate::control::{Codec, Mid, SlotCodec, SlotKind, SlotLine, SlotSource};
use crate::ids::Ssrc;
use crate::time::Instant;

/// RTP time of a slot: a function of the core's clock, so that it runs on over every switch.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotClock {
    offset: u64,
    rate: u32,
}

impl SlotClock {
    pub(super) fn at(self, now: Instant) -> u64 {
        self.offset + self.ticks(now.since(Instant::default()))
    }

    fn ticks(self, time: Duration) -> u64 {
        let ticks = time.as_nanos() * u128::from(self.rate) / 1_000_000_000;
        // 2^64 ticks are six million years.
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// A slot that shows something does not switch to media older than this: its time would run
    /// ahead from then on, sound and picture apart.
    fn late(self) -> u64 {
        u64::from(self.rate / 10)
    }
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub mid: Mid,
    pub kind: SlotKind,
    pub source: SlotSource,
    /// What the viewer takes, at most one of each codec.
    codecs: [Option<SlotCodec>; Codec::ALL.len()],
    /// The track that the meeting has put here.
    pub assigned: Option<TrackKey>,
    /// The layer it should carry; taken at its next key frame.
    pub wanted: Option<LayerKey>,
    /// The layer it carries.
    pub showing: Option<LayerKey>,
    rewrite: Rewrite,
    clock: SlotClock,
    /// RTP time of the newest media, and when that came.
    newest: Option<(u64, Instant)>,
    next_repair: u64,
    /// For sender reports (RFC 3550 §6.4.1); they wrap as the RFC's fields do.
    pub packets_sent: u32,
    pub octets_sent: u32,
}

// Forwarding touches all of it for each packet, so it must stay small: 20,000 of them in the cache
// of a core's neighbours, and each in four lines.
const _: () = assert!(size_of::<Slot>() <= 256);

/// Random beginnings of a slot's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotSeed {
    /// Both below 2^15 (DESIGN D6).
    pub first_sequence: u64,
    pub first_repair: u64,
    pub timestamp: u32,
}

impl Slot {
    pub(crate) fn new(line: &SlotLine, source: SlotSource, seed: SlotSeed) -> Self {
        let rate = match line.kind {
            SlotKind::Audio => 48_000,
            SlotKind::Video | SlotKind::Screen => 90_000,
        };
        Self {
            mid: line.mid,
            kind: line.kind,
            source,
            codecs: Codec::ALL.map(|codec| {
                let offered = |it: &&SlotCodec| it.codec == codec;
                line.codecs.iter().find(offered).copied()
            }),
            assigned: None,
            wanted: None,
            showing: None,
            rewrite: Rewrite::new(seed.first_sequence),
            clock: SlotClock {
                offset: u64::from(seed.timestamp),
                rate,
            },
            newest: None,
            next_repair: seed.first_repair,
            packets_sent: 0,
            octets_sent: 0,
        }
    }

    pub(crate) fn codec(&self, codec: Codec) -> Option<SlotCodec> {
        self.codecs[codec.index()]
    }

    /// As the answer names it (RFC 3550 §6.5.1). Slots are not synchronised with each other, so each
    /// has its own.
    pub(crate) fn cname(&self) -> Cname {
        Cname::of(self.mid)
    }

    /// Empties the slot if what it shows has ended, or nothing is wanted here any more; says whether
    /// it did.
    pub(crate) fn let_go(&mut self, flows: impl Fn(LayerKey) -> bool) -> bool {
        let wanted = self.wanted;
        self.showing
            .take_if(|key| wanted.is_none() || !flows(*key))
            .is_some()
    }

    /// Whether it waits for a key frame of the layer it should carry.
    pub(crate) fn awaits_key_frame(&self) -> bool {
        self.wanted.is_some() && self.wanted != self.showing
    }

    /// The layers whose packets it may take: while it switches it carries the old one until the new
    /// one's key frame.
    pub(crate) fn sources(&self) -> impl Iterator<Item = LayerKey> + Clone + use<> {
        let next = self.wanted.filter(|_| self.awaits_key_frame());
        [self.showing, next].into_iter().flatten()
    }

    /// RTP time now, for sender reports: what the newest media was, and how long ago. Between
    /// switches the media keeps its publisher's pace, so the slot's own clock would drift from it.
    pub(crate) fn rtp_time(&self, now: Instant) -> u64 {
        self.newest.map_or_else(
            || self.clock.at(now),
            |(time, arrival)| time + self.clock.ticks(now.since(arrival)),
        )
    }

    /// The next packet of `layer` for this viewer, or `None` if it is not for this slot: the layer
    /// has not begun, or the packet is from before it began, or it is only padding.
    /// The second value says whether the slot has gone over to this layer with it.
    pub(crate) fn take<'a>(
        &mut self,
        layer: &Layer,
        sequence: u64,
        chunks: &'a Chunks,
    ) -> Option<(Outgoing<'a>, bool)> {
        let packet = layer.packet(sequence, chunks)?;
        let (rewritten, switched) = if self.showing == Some(layer.key) {
            if packet.payload.is_empty() {
                self.rewrite.skip(sequence);
                return None;
            }
            (self.rewrite.forward(&packet)?, false)
        } else if self.wanted == Some(layer.key)
            && packet.info.starts_key_frame
            && !packet.payload.is_empty()
        {
            // A key frame that was repaired belongs to the past: what came after it came before it.
            let (newest, age) = layer.age(packet.info.timestamp);
            if self.showing.is_some() && age > self.clock.late() {
                return None;
            }
            self.showing = self.wanted;
            let time = self.clock.at(newest).saturating_sub(age);
            (self.rewrite.switch(layer.key, &packet, time), true)
        } else {
            return None;
        };
        let (arrival, age) = layer.age(packet.info.timestamp);
        self.newest = Some((rewritten.timestamp + age, arrival));
        let outgoing = self.outgoing(layer, &packet, rewritten, switched)?;
        Some((outgoing, switched))
    }

    /// The packet that left as `sequence`, once more: by the repair stream under a fresh number,
    /// or, for a viewer without one, bit for bit as before (RFC 4588; DESIGN D6).
    pub(crate) fn repeat<'a>(
        &mut self,
        layer: &Layer,
        sequence: u16,
        packet: &Cached<'a>,
    ) -> Option<Outgoing<'a>> {
        let rewritten = self.rewrite.again(sequence, packet)?;
        let began = self.rewrite.switched_at(sequence);
        let mut outgoing = self.outgoing(layer, packet, rewritten, began)?;
        outgoing.is_repeat = true;
        if let Some(payload_type) = self.codec(layer.codec)?.rtx_payload_type {
            outgoing.payload_type = payload_type;
            outgoing.ssrc = Ssrc(self.source.rtx_ssrc);
            outgoing.repairs = Some(sequence);
            outgoing.padding = 0; // Repairs leave alone.
            outgoing.sequence = self.next_repair;
            self.next_repair += 1;
        }
        Some(outgoing)
    }

    /// Which packet of which layer left as `sequence`.
    pub(crate) fn origin(&self, sequence: u16) -> Option<(LayerKey, u64)> {
        self.rewrite.origin(sequence)
    }

    /// Counts a packet that was sent for the first time.
    pub(crate) fn count_sent(&mut self, payload_bytes: usize) {
        self.packets_sent = self.packets_sent.wrapping_add(1);
        #[expect(clippy::cast_possible_truncation, reason = "a payload fits a datagram")]
        let octets = payload_bytes as u32;
        self.octets_sent = self.octets_sent.wrapping_add(octets);
    }

    fn outgoing<'a>(
        &self,
        layer: &Layer,
        packet: &Cached<'a>,
        rewritten: Rewritten,
        begins: bool,
    ) -> Option<Outgoing<'a>> {
        let numbers = self.codec(layer.codec)?;
        Some(Outgoing {
            mid: self.mid,
            ssrc: Ssrc(self.source.ssrc),
            payload_type: numbers.payload_type,
            // A new voice begins a talk spurt (RFC 3551 §4.1); in video the marker ends a frame.
            marker: packet.info.marker || begins && layer.codec == Codec::Opus,
            sequence: rewritten.sequence,
            timestamp: rewritten.timestamp,
            participant: layer.participant,
            audio_level: packet.info.audio_level,
            has_repair_stream: numbers.rtx_payload_type.is_some(),
            is_repeat: false,
            repairs: None,
            vp8: rewritten.vp8,
            padding: packet.info.padding,
            payload: packet.payload,
        })
    }
}
