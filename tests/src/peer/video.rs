//! What a peer sees in one video slot: it puts frames together, asks for what is missing, and
//! decodes as strictly as a real decoder: a frame that does not build on the one before it is a
//! fault of whoever sent it under the next number.

use core::time::Duration;
use std::collections::BTreeMap;

use sfu_proto::rtp::Vp8Descriptor;
use sfu_proto::rtp::sequence::{self, Widener};
use sfu_proto::time::Instant;

use super::media::Marks;
use super::slot::Packet;

/// How a browser asks: at once, then every round trip or so, for about as long as it would wait.
const ASK_AGAIN: Duration = Duration::from_millis(60);
const GIVE_UP: Duration = Duration::from_millis(700);
const PLI_INTERVAL: Duration = Duration::from_millis(300);

/// A frame that was decoded.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub at: Instant,
    pub participant: u32,
    pub quality: u8,
    pub frame: u32,
    pub is_key: bool,
    pub sent: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    since: Instant,
    asked: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Decoded {
    marks: Marks,
    timestamp: u32,
    picture_id: u16,
    tl0: u8,
}

#[derive(Debug, Default)]
pub struct VideoSlot {
    widener: Widener,
    buffer: BTreeMap<u64, Packet>,
    missing: BTreeMap<u64, Missing>,
    /// The first packet of the next frame; `None` before the first key frame.
    next: Option<u64>,
    last: Option<Decoded>,
    /// Something was given up: only a key frame helps.
    pub awaits_key_frame: bool,
    /// Frames were skipped since `last`.
    skipped: bool,
    next_pli: Instant,
    pub seen: Vec<Seen>,
    pub switches: u64,
    pub repaired: u64,
    pub duplicates: u64,
    pub skips: u64,
    /// Frames that a switch cut short.
    pub abandoned: u64,
    pub plis_sent: u64,
    pub faults: Vec<String>,
}

impl VideoSlot {
    pub fn receive(&mut self, now: Instant, packet: Packet) {
        let before = self.widener.highest();
        let sequence = match (packet.is_repair, before) {
            (true, Some(highest)) => sequence::widen(highest, packet.sequence),
            _ => self.widener.widen(packet.sequence),
        };
        if let Some(highest) = before {
            for lost in highest + 1..sequence {
                let missing = Missing {
                    since: now,
                    asked: None,
                };
                self.missing.insert(lost, missing);
            }
        }
        let was_missing = self.missing.remove(&sequence).is_some();
        self.repaired += u64::from(was_missing && packet.is_repair);
        if let Some(held) = self.buffer.get(&sequence) {
            self.duplicates += 1;
            if (held.timestamp, &held.payload) != (packet.timestamp, &packet.payload) {
                self.faults.push(format!("two packets are {sequence}"));
            }
            return;
        }
        if self.next.is_some_and(|next| sequence < next) {
            self.duplicates += 1;
            return;
        }
        self.buffer.insert(sequence, packet);
        self.decode(now);
    }

    /// Sequences to ask for, and whether to ask for a key frame.
    pub fn wants(&mut self, now: Instant) -> (Vec<u16>, bool) {
        let before = self.missing.len();
        self.missing
            .retain(|_, missing| now.since(missing.since) < GIVE_UP);
        if self.missing.len() < before && self.next.is_some() {
            self.awaits_key_frame = true;
            self.decode(now);
        }
        let mut ask = Vec::new();
        for (sequence, missing) in &mut self.missing {
            if missing.asked.is_none_or(|at| now.since(at) >= ASK_AGAIN) {
                missing.asked = Some(now);
                #[expect(clippy::cast_possible_truncation, reason = "the wire has 16 bits")]
                ask.push(*sequence as u16);
            }
        }
        let stuck = self.awaits_key_frame || self.next.is_none() && !self.buffer.is_empty();
        let pli = stuck && now >= self.next_pli;
        if pli {
            self.next_pli = now + PLI_INTERVAL;
            self.plis_sent += 1;
        }
        (ask, pli)
    }

    /// Nothing is missing and nothing waits.
    pub fn is_whole(&self) -> bool {
        !self.awaits_key_frame && self.missing.is_empty()
    }

    fn decode(&mut self, now: Instant) {
        if self.next.is_none() || self.awaits_key_frame {
            // What begins at `next` is what was given up.
            let from = self.next.map_or(0, |next| next + 1);
            let key = self.buffer.range(from..).find(|(_, p)| starts_key_frame(p));
            if let Some((&key, _)) = key {
                self.skips += u64::from(self.next.is_some());
                self.begin_at(now, key);
            }
        }
        while let Some(frame) = self.whole_frame() {
            self.next = self.next.map(|next| next + frame.len() as u64);
            self.show(now, &frame);
        }
    }

    /// Goes on with the key frame that begins at `key`; what is missing of it is asked for.
    fn begin_at(&mut self, now: Instant, key: u64) {
        self.skipped = true;
        self.awaits_key_frame = false;
        self.next = Some(key);
        self.buffer = self.buffer.split_off(&key);
        self.missing = self.missing.split_off(&key);
        for sequence in key..self.widener.highest().unwrap_or(key) {
            if !self.buffer.contains_key(&sequence) {
                self.missing.entry(sequence).or_insert(Missing {
                    since: now,
                    asked: None,
                });
            }
        }
    }

    /// The packets from `next` to a marker, if all are there. A key frame that begins before the
    /// marker came is a switch in the middle of a frame: that frame is never shown.
    fn whole_frame(&mut self) -> Option<Vec<Packet>> {
        let mut next = self.next.filter(|_| !self.awaits_key_frame)?;
        let mut end = next;
        loop {
            let packet = self.buffer.get(&end)?;
            if end > next && starts_key_frame(packet) {
                next = end;
                self.next = Some(next);
                self.buffer = self.buffer.split_off(&next);
                self.skipped = true;
                self.abandoned += 1;
                continue;
            }
            if packet.marker {
                break;
            }
            end += 1;
        }
        (next..=end).map(|at| self.buffer.remove(&at)).collect()
    }

    fn show(&mut self, now: Instant, frame: &[Packet]) {
        match self.check(frame) {
            Err(fault) => {
                self.faults.push(fault);
                self.awaits_key_frame = true;
            }
            Ok((decoded, is_key)) => {
                let source = |m: &Marks| (m.participant, m.quality);
                let marks = decoded.marks;
                self.switches += u64::from(
                    self.last
                        .is_some_and(|last| source(&last.marks) != source(&marks)),
                );
                self.last = Some(decoded);
                self.skipped = false;
                self.seen.push(Seen {
                    at: now,
                    participant: marks.participant,
                    quality: marks.quality,
                    frame: marks.frame,
                    is_key,
                    sent: marks.sent,
                });
            }
        }
    }

    fn check(&self, frame: &[Packet]) -> Result<(Decoded, bool), String> {
        let mut first: Option<(Decoded, bool)> = None;
        for (packet, index) in frame.iter().zip(0_u8..) {
            let descriptor = Vp8Descriptor::parse(&packet.payload).map_err(|e| e.name())?;
            let marks = Marks::of_video(&packet.payload, &descriptor).ok_or("no marks")?;
            let ends = index + 1 == marks.count;
            if marks.index != index || ends != packet.marker {
                return Err(format!("packet {index} of a frame is {marks:?}"));
            }
            if packet.csrc != Some(marks.participant) {
                return Err(format!("CSRC {:?} on {marks:?}", packet.csrc));
            }
            let decoded = Decoded {
                marks: Marks { index: 0, ..marks },
                timestamp: packet.timestamp,
                picture_id: descriptor.picture_id.ok_or("no picture id")?.value,
                tl0: descriptor.tl0picidx.ok_or("no TL0PICIDX")?,
            };
            let (head, _) = first
                .get_or_insert_with(|| (decoded, descriptor.starts_key_frame(&packet.payload)));
            let numbers = |d: &Decoded| (d.marks, d.timestamp, d.picture_id, d.tl0);
            if numbers(head) != numbers(&decoded) {
                return Err(format!("{decoded:?} in the frame of {head:?}"));
            }
        }
        let (decoded, is_key) = first.ok_or("an empty frame")?;
        self.check_order(&decoded, is_key)?;
        Ok((decoded, is_key))
    }

    /// Whether the frame goes on from the last one.
    fn check_order(&self, frame: &Decoded, is_key: bool) -> Result<(), String> {
        let Some(last) = &self.last else {
            return match is_key {
                true => Ok(()),
                false => Err("the first frame is no key frame".to_owned()),
            };
        };
        let source = |m: &Marks| (m.participant, m.quality);
        let builds_on = source(&frame.marks) == source(&last.marks)
            && frame.marks.frame == last.marks.frame + 1;
        if !is_key && !builds_on {
            return Err(format!("{:?} cannot follow {:?}", frame.marks, last.marks));
        }
        let pictures = frame.picture_id.wrapping_sub(last.picture_id) & 0x7fff;
        let layers = frame.tl0.wrapping_sub(last.tl0);
        if !self.skipped && (pictures, layers) != (1, 1) {
            return Err(format!("picture numbers jump: {last:?}, {frame:?}"));
        }
        if pictures == 0 || pictures >= 1 << 14 {
            return Err(format!("the picture id went back: {last:?}, {frame:?}"));
        }
        // The clock of the slot is the core's: it runs as time does, over switches too.
        let ticks = frame.timestamp.wrapping_sub(last.timestamp);
        let passed = frame.marks.sent.since(last.marks.sent) + Duration::from_secs(1);
        if ticks == 0 || u128::from(ticks) > passed.as_millis() * 90 {
            return Err(format!("time jumps by {ticks}: {last:?}, {frame:?}"));
        }
        Ok(())
    }
}

fn starts_key_frame(packet: &Packet) -> bool {
    sfu_proto::rtp::vp8::starts_key_frame(&packet.payload)
}
