//! One unbroken stream out of many: sequence, timestamp and VP8 picture numbers of a slot, over
//! every switch. Each number is an offset from where the current segment began, never a search:
//!
//! ```text
//!  in    layer a  900 901 902 │            layer b  77 78 (79) 80      (79): dropped on purpose
//!  out            10  11  12  │                     13 14      15
//!  segments       ╰ a: −890 ──╯                     ╰ b: −64 ──╯╰ b: −65
//! ```
//!
//! Packets lost on the way in stay a gap on the way out until they are repaired (DESIGN D1, gaps).

use super::cache::Cached;
use super::layer::LayerKey;
use crate::limits::VIDEO_CACHE_PACKETS;
use crate::rtp::Vp8Numbers;
use crate::rtp::vp8::PictureId;

/// Segments remembered: as far back as repairs can reach over switches.
const SEGMENTS_MAX: usize = 16;

/// Missing packets in a row that a layer's cache could still be mended with.
const LEAP_MAX: u64 = VIDEO_CACHE_PACKETS as u64;

/// VP8 picture ids have 15 bits (RFC 7741 §4.2).
const PICTURE_ID_MASK: u16 = 0x7fff;

/// A run of packets of one layer that share their offsets.
#[derive(Clone, Copy, Debug)]
struct Segment {
    layer: LayerKey,
    /// It began with a switch, not with a packet dropped on purpose.
    is_switch: bool,
    first_in: u64,
    first_out: u64,
    timestamp_in: u64,
    timestamp_out: u64,
    /// Added to the picture numbers, modulo their widths.
    picture_id_shift: u16,
    tl0_shift: u8,
}

impl Segment {
    fn out(&self, sequence_in: u64) -> u64 {
        self.first_out + (sequence_in - self.first_in)
    }

    fn rewritten(&self, packet: &Cached<'_>) -> Rewritten {
        let shifted = |id: PictureId| PictureId {
            value: id.value.wrapping_add(self.picture_id_shift) & PICTURE_ID_MASK,
            ..id
        };
        let vp8 = packet.info.vp8;
        Rewritten {
            sequence: self.out(packet.sequence),
            timestamp: self
                .timestamp_out
                .wrapping_add(packet.info.timestamp.wrapping_sub(self.timestamp_in)),
            vp8: Vp8Numbers {
                picture_id: vp8.picture_id.map(shifted),
                tl0picidx: vp8
                    .tl0picidx
                    .map(|index| index.wrapping_add(self.tl0_shift)),
            },
        }
    }
}

/// The numbers under which a packet leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    pub sequence: u64,
    /// The low 32 bits go on the wire.
    pub timestamp: u64,
    pub vp8: Vp8Numbers,
}

/// What each packet touches lies in it; older segments, which only repairs and late packets need,
/// lie elsewhere.
#[derive(Debug)]
pub(super) struct Rewrite {
    current: Option<Segment>,
    /// Oldest first.
    older: Vec<Segment>,
    /// Highest input sequence of the current layer.
    highest_in: u64,
    /// The sequence that the next new packet gets.
    next_out: u64,
    last: Option<Rewritten>,
}

impl Rewrite {
    /// `first_out` is below 2^15, so that a first packet lost on the way cannot make the viewer
    /// guess a wrong rollover counter (RFC 3711 §3.3.1).
    pub(super) fn new(first_out: u64) -> Self {
        debug_assert!(first_out < 1 << 15);
        Self {
            current: None,
            older: Vec::with_capacity(SEGMENTS_MAX - 1),
            highest_in: 0,
            next_out: first_out,
            last: None,
        }
    }

    /// Goes over to `layer`, beginning with `packet`, whose timestamp becomes `timestamp` or, if
    /// that has passed already, the next one.
    pub(super) fn switch(
        &mut self,
        layer: LayerKey,
        packet: &Cached<'_>,
        timestamp: u64,
    ) -> Rewritten {
        let timestamp = match &self.last {
            Some(last) if timestamp <= last.timestamp => last.timestamp + 1,
            _ => timestamp,
        };
        let vp8 = packet.info.vp8;
        let picture_id_shift = match (
            self.last.and_then(|last| last.vp8.picture_id),
            vp8.picture_id,
        ) {
            (Some(last), Some(first)) => last.value.wrapping_add(1).wrapping_sub(first.value),
            _ => 0,
        };
        let tl0_shift = match (self.last.and_then(|last| last.vp8.tl0picidx), vp8.tl0picidx) {
            (Some(last), Some(first)) => last.wrapping_add(1).wrapping_sub(first),
            _ => 0,
        };
        let segment = Segment {
            layer,
            is_switch: true,
            first_in: packet.sequence,
            first_out: self.next_out,
            timestamp_in: packet.info.timestamp,
            timestamp_out: timestamp,
            picture_id_shift,
            tl0_shift,
        };
        self.push(segment);
        self.highest_in = packet.sequence;
        self.advance(&segment, packet)
    }

    /// The numbers of a packet of the current layer; `None` if it predates the switch or was
    /// dropped on purpose before.
    pub(super) fn forward(&mut self, packet: &Cached<'_>) -> Option<Rewritten> {
        let mut current = self.current?;
        if packet.sequence > self.highest_in {
            if packet.sequence - self.highest_in > LEAP_MAX {
                self.close_up(packet.sequence);
                current = self.current?;
            }
            self.highest_in = packet.sequence;
            return Some(self.advance(&current, packet));
        }
        let mut next_begins = self.next_out;
        for segment in self.newest_first() {
            if segment.layer == current.layer && segment.first_in <= packet.sequence {
                let is_its_own = segment.out(packet.sequence) < next_begins;
                return is_its_own.then(|| segment.rewritten(packet));
            }
            next_begins = segment.first_out;
        }
        None
    }

    /// Drops `sequence` of the current layer on purpose: what follows closes up, without a gap.
    pub(super) fn skip(&mut self, sequence: u64) {
        let Some(current) = self.current else {
            return;
        };
        if sequence <= self.highest_in {
            return; // It was a gap already and stays one.
        }
        self.highest_in = sequence;
        // Numbers below this belong to packets that are missing: a switch must not take them. More
        // than can be repaired are not kept: the viewer would lose count of rollovers.
        let sent = self.last.map_or(self.next_out, |last| last.sequence);
        if current.out(sequence) <= sent + LEAP_MAX {
            self.next_out = current.out(sequence);
        }
        self.resume(sequence + 1);
    }

    /// A leap over more than can be repaired leaves a gap of one: enough to say that something is
    /// missing, too little for the viewer to lose count of rollovers (RFC 3711 §3.3.1).
    fn close_up(&mut self, sequence: u64) {
        self.next_out += 1;
        self.resume(sequence);
    }

    /// The same layer goes on with `first_in`, under the next number.
    fn resume(&mut self, first_in: u64) {
        let Some(current) = &mut self.current else {
            return;
        };
        let continued = Segment {
            is_switch: false,
            first_in,
            first_out: self.next_out,
            ..*current
        };
        if current.first_out == self.next_out {
            *current = continued; // Nothing has left under it: a run of padding is one segment.
        } else {
            self.push(continued);
        }
    }

    /// Where the packet that left as `sequence` (16 bits, as a NACK names it) came from.
    pub(super) fn origin(&self, sequence: u16) -> Option<(LayerKey, u64)> {
        let sequence_out = crate::rtp::sequence::widen(self.next_out, sequence);
        if sequence_out >= self.next_out {
            return None;
        }
        let segment = self.newest_first().find(|s| s.first_out <= sequence_out)?;
        Some((
            segment.layer,
            segment.first_in + (sequence_out - segment.first_out),
        ))
    }

    /// The numbers under which `packet` left as `sequence`: the very same as the first time.
    pub(super) fn again(&self, sequence: u16, packet: &Cached<'_>) -> Option<Rewritten> {
        let sequence_out = crate::rtp::sequence::widen(self.next_out, sequence);
        let segment = self.newest_first().find(|s| s.first_out <= sequence_out)?;
        Some(segment.rewritten(packet))
    }

    /// Whether a switch was made with what left as `sequence`.
    pub(super) fn switched_at(&self, sequence: u16) -> bool {
        let sequence_out = crate::rtp::sequence::widen(self.next_out, sequence);
        self.newest_first()
            .any(|s| s.is_switch && s.first_out == sequence_out)
    }

    fn advance(&mut self, segment: &Segment, packet: &Cached<'_>) -> Rewritten {
        let rewritten = segment.rewritten(packet);
        self.next_out = rewritten.sequence + 1;
        let vp8 = self.last.map(|last| last.vp8).unwrap_or_default();
        self.last = Some(Rewritten {
            vp8: Vp8Numbers {
                picture_id: rewritten.vp8.picture_id.or(vp8.picture_id),
                tl0picidx: rewritten.vp8.tl0picidx.or(vp8.tl0picidx),
            },
            ..rewritten
        });
        rewritten
    }

    fn newest_first(&self) -> impl Iterator<Item = &Segment> {
        self.current.iter().chain(self.older.iter().rev())
    }

    fn push(&mut self, segment: Segment) {
        let Some(former) = self.current.replace(segment) else {
            return;
        };
        if self.older.len() == SEGMENTS_MAX - 1 {
            self.older.remove(0);
        }
        self.older.push(former);
    }
}

#[cfg(test)]
mod tests;
