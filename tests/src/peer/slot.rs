//! One m-line on which a peer receives: sequences, reports, and the audio or video behind it.

use core::time::Duration;

use sfu_proto::control::{SlotKind, SlotSource};
use sfu_proto::ids::Ssrc;
use sfu_proto::rtcp::{Reception, ReportBlock, SenderInfo};
use sfu_proto::rtp::sequence::Widener;
use sfu_proto::rtp::{Header, rtx};
use sfu_proto::time::Instant;

use super::audio::AudioSlot;
use super::numbers::{OPUS, VP8, VP8_RTX};
use super::video::VideoSlot;

/// How far a sender report may be off the media it speaks of.
const CLOCK_ERROR_MAX: Duration = Duration::from_millis(180);

/// A media packet, repaired or not.
#[derive(Clone, Debug)]
pub struct Packet {
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub csrc: Option<u32>,
    pub payload: Vec<u8>,
    pub is_repair: bool,
}

#[derive(Debug)]
pub enum Content {
    Audio(AudioSlot),
    Video(VideoSlot),
}

#[derive(Debug)]
pub struct ReceivingSlot {
    pub kind: SlotKind,
    pub source: SlotSource,
    pub content: Content,
    widener: Widener,
    reception: Reception,
    newest: Option<(u32, Instant)>,
    pub sender_reports: u64,
    pub packets: u64,
    pub repairs: u64,
    pub faults: Vec<String>,
}

impl ReceivingSlot {
    pub fn new(kind: SlotKind, source: SlotSource) -> Self {
        let (content, rate) = match kind {
            SlotKind::Audio => (Content::Audio(AudioSlot::default()), 48_000),
            SlotKind::Video | SlotKind::Screen => (Content::Video(VideoSlot::default()), 90_000),
        };
        Self {
            kind,
            source,
            content,
            widener: Widener::default(),
            reception: Reception::new(rate),
            newest: None,
            sender_reports: 0,
            packets: 0,
            repairs: 0,
            faults: Vec::new(),
        }
    }

    /// A packet of this slot's source or of its repair stream; `csrc` is its last.
    pub fn receive(&mut self, now: Instant, header: &Header, csrc: Option<u32>, payload: &[u8]) {
        let is_repair = header.ssrc.0 == self.source.rtx_ssrc;
        let expected = match (self.kind, is_repair) {
            (SlotKind::Audio, _) => OPUS,
            (_, false) => VP8,
            (_, true) => VP8_RTX,
        };
        if header.payload_type != expected {
            self.faults
                .push(format!("payload type {}", header.payload_type));
            return;
        }
        let unwrapped = match is_repair {
            true => rtx::unwrap(payload),
            false => Ok((header.sequence, payload)),
        };
        let Ok((sequence, payload)) = unwrapped else {
            self.faults.push("a repair that cannot be read".to_owned());
            return;
        };
        if is_repair {
            self.repairs += 1;
        } else {
            self.packets += 1;
            let index = self.widener.widen(sequence);
            self.reception.packet(index, header.timestamp, now);
            if self.widener.highest() == Some(index) {
                self.newest = Some((header.timestamp, now));
            }
        }
        let packet = Packet {
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            csrc,
            payload: payload.to_vec(),
            is_repair,
        };
        match &mut self.content {
            Content::Audio(audio) => audio.receive(now, &packet),
            Content::Video(video) => video.receive(now, packet),
        }
    }

    /// A sender report of this slot: its clock must be the media's.
    pub fn sender_report(&mut self, now: Instant, info: &SenderInfo) {
        self.sender_reports += 1;
        self.reception.sender_report(info.ntp, now);
        let rate = if self.kind == SlotKind::Audio { 48 } else { 90 };
        if let Some((timestamp, at)) = self.newest
            && now.since(at) < Duration::from_secs(1)
        {
            let passed = u32::try_from(now.since(at).as_millis()).unwrap_or_default() * rate;
            let error = info
                .rtp_timestamp
                .wrapping_sub(timestamp.wrapping_add(passed))
                .cast_signed()
                .unsigned_abs();
            if u128::from(error) > CLOCK_ERROR_MAX.as_millis() * u128::from(rate) {
                self.faults
                    .push(format!("a sender report is {} ms off", error / rate));
            }
        }
    }

    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        self.reception.report(Ssrc(self.source.ssrc), now)
    }

    pub fn all_faults(&self) -> impl Iterator<Item = &String> {
        let inner = match &self.content {
            Content::Audio(audio) => &audio.faults,
            Content::Video(video) => &video.faults,
        };
        self.faults.iter().chain(inner)
    }
}
