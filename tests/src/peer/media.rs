//! What the peers' cameras and microphones make: payloads that say whose they are, which frame and
//! which packet of it, and when they were sent, so that a receiver knows what it got.
//!
//! ```text
//! VP8:  | descriptor, 6 bytes | frame tag | marks | filler      Opus:  | TOC | marks | filler
//! marks | participant, 4 | quality | frame, 4 | index | count | nanoseconds, 8 |
//! ```

use core::time::Duration;

use sfu_proto::rtp::Vp8Descriptor;
use sfu_proto::time::Instant;

const MARKS_BYTES: usize = 19;
const AUDIO_BYTES: usize = 80;
/// Of a frame's first packets; its later ones have a byte more, as libwebrtc splits frames
/// (`RtpPacketizer::SplitAboutEqually`).
pub const VIDEO_BYTES: usize = 1_000;
const OPUS_TOC: u8 = 0x78;

/// What a payload says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    pub participant: u32,
    pub quality: u8,
    pub frame: u32,
    pub index: u8,
    pub count: u8,
    pub sent: Instant,
}

impl Marks {
    fn write(self, out: &mut Vec<u8>) {
        out.extend(self.participant.to_be_bytes());
        out.push(self.quality);
        out.extend(self.frame.to_be_bytes());
        out.extend([self.index, self.count]);
        out.extend(self.sent.as_nanos().to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let [
            p0,
            p1,
            p2,
            p3,
            quality,
            f0,
            f1,
            f2,
            f3,
            index,
            count,
            sent @ ..,
        ] = *bytes.first_chunk::<MARKS_BYTES>()?;
        Some(Self {
            participant: u32::from_be_bytes([p0, p1, p2, p3]),
            quality,
            frame: u32::from_be_bytes([f0, f1, f2, f3]),
            index,
            count,
            sent: Instant::from_nanos(u64::from_be_bytes(sent)),
        })
    }

    pub fn of_audio(payload: &[u8]) -> Option<Self> {
        Self::read(payload.get(1..)?)
    }

    pub fn of_video(payload: &[u8], descriptor: &Vp8Descriptor) -> Option<Self> {
        Self::read(payload.get(descriptor.len + 1..)?)
    }
}

/// One packet before it has a header.
#[derive(Debug)]
pub struct Encoded {
    pub payload: Vec<u8>,
    /// Time of capture on the encoder's own RTP clock, from zero.
    pub timestamp: u32,
    pub marker: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 50 packets a second.
    Opus,
    /// 30 frames a second of so many packets; a key frame has twice as many.
    Vp8 { packets: u8 },
}

/// One encoder of one encoding.
#[derive(Debug)]
pub struct Encoder {
    kind: Kind,
    participant: u32,
    quality: u8,
    began: Instant,
    /// Frames of the clock, whether they were encoded or not.
    ticks: u32,
    frame: u32,
    picture_id: u16,
    tl0: u8,
    wants_key_frame: bool,
    /// It encodes; a browser rests encodings that nobody wants or the line cannot carry.
    pub is_active: bool,
    pub key_frames: u32,
}

impl Encoder {
    pub fn new(kind: Kind, participant: u32, quality: u8, began: Instant, chance: u64) -> Self {
        let [a, b, c, ..] = chance.to_be_bytes();
        Self {
            kind,
            participant,
            quality,
            began,
            ticks: 0,
            frame: 0,
            picture_id: u16::from_be_bytes([a, b]) & 0x7fff,
            tl0: c,
            wants_key_frame: true,
            is_active: true,
            key_frames: 0,
        }
    }

    pub fn want_key_frame(&mut self) {
        self.wants_key_frame = true;
    }

    fn interval(&self) -> Duration {
        match self.kind {
            Kind::Opus => Duration::from_millis(20),
            Kind::Vp8 { .. } => Duration::from_nanos(33_333_333),
        }
    }

    /// The packets of the frame that is due by `now`; empty if none is.
    pub fn encode(&mut self, now: Instant) -> Vec<Encoded> {
        if self.began + self.interval() * self.ticks > now {
            return Vec::new();
        }
        // What was not captured in time never is.
        let elapsed = now.since(self.began).as_nanos() / self.interval().as_nanos();
        let tick = u32::try_from(elapsed).unwrap_or(u32::MAX);
        self.ticks = tick + 1;
        if !self.is_active {
            return Vec::new();
        }
        self.frame += 1;
        match self.kind {
            Kind::Opus => vec![self.opus(now, tick)],
            Kind::Vp8 { packets } => self.vp8(now, tick, packets),
        }
    }

    fn marks(&self, now: Instant, index: u8, count: u8) -> Marks {
        Marks {
            participant: self.participant,
            quality: self.quality,
            frame: self.frame,
            index,
            count,
            sent: now,
        }
    }

    fn opus(&self, now: Instant, tick: u32) -> Encoded {
        let mut payload = vec![OPUS_TOC];
        self.marks(now, 0, 1).write(&mut payload);
        payload.resize(AUDIO_BYTES, 0xaa);
        Encoded {
            payload,
            timestamp: tick.wrapping_mul(960),
            marker: false,
        }
    }

    fn vp8(&mut self, now: Instant, tick: u32, packets: u8) -> Vec<Encoded> {
        let is_key = core::mem::take(&mut self.wants_key_frame);
        self.key_frames += u32::from(is_key);
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        self.tl0 = self.tl0.wrapping_add(1);
        let count = if is_key { 2 * packets } else { packets };
        (0..count)
            .map(|index| {
                let [high, low] = self.picture_id.to_be_bytes();
                let start = if index == 0 { 0x10 } else { 0 };
                let mut payload = vec![0x80 | start, 0xe0, 0x80 | high, low, self.tl0, 0x20];
                payload.push(u8::from(!is_key));
                self.marks(now, index, count).write(&mut payload);
                let more = usize::from(2 * index >= count);
                payload.resize(VIDEO_BYTES + more, 0xbb);
                Encoded {
                    payload,
                    timestamp: tick.wrapping_mul(3_000),
                    marker: index + 1 == count,
                }
            })
            .collect()
    }
}
