//! A source that costs little to run: a header, a body that is always the same, and the seal.

use core::time::Duration;

use sfu_proto::srtp::Outbound;
use sfu_proto::time::Instant;

use crate::chance::Chance;
use crate::peer::numbers::{OPUS, VP8, extension};

/// RTP's fixed header, then `BEDE`, two words: mid, level, transport-wide number.
pub const HEADER_BYTES: usize = 12 + 4 + 8;

/// Bursts of packets at a steady pace.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub interval: Duration,
    pub packets: u32,
    pub payload: usize,
}

#[derive(Debug)]
pub struct Source {
    flow: Flow,
    is_audio: bool,
    mid: u8,
    ssrc: u32,
    next: Instant,
    index: u64,
    frame: u32,
    began: Instant,
}

impl Source {
    pub fn new(flow: Flow, is_audio: bool, mid: u8, now: Instant, chance: &mut Chance) -> Self {
        Self {
            flow,
            is_audio,
            mid,
            ssrc: chance.word(),
            next: now + chance.up_to(flow.interval),
            index: chance.bits() & 0x7fff,
            frame: 0,
            began: now,
        }
    }

    pub const fn next(&self) -> Instant {
        self.next
    }

    /// Seals one burst; each packet is handed to `each`.
    ///
    /// # Panics
    ///
    /// If it cannot be sealed, which sources of so few packets always can.
    pub fn send(
        &mut self,
        transport_cc: &mut u16,
        keys: &mut Outbound,
        mut each: impl FnMut(Vec<u8>),
    ) {
        let elapsed = self.next.since(self.began);
        for nth in 0..self.flow.packets {
            let is_last = nth + 1 == self.flow.packets;
            let mut plain = self.header(is_last, elapsed, *transport_cc);
            *transport_cc = transport_cc.wrapping_add(1);
            let plain_len = HEADER_BYTES + self.flow.payload;
            self.body(nth == 0, &mut plain);
            plain.resize(keys.rtp_len(plain_len), 0);
            keys.protect_rtp(HEADER_BYTES, self.index, &mut plain)
                .expect("a publisher's packet can be sealed");
            self.index += 1;
            each(plain);
        }
        self.frame += 1;
        self.next = self.next + self.flow.interval;
    }

    #[expect(clippy::cast_possible_truncation, reason = "the wire has fewer bits")]
    fn header(&self, is_last: bool, elapsed: Duration, transport_cc: u16) -> Vec<u8> {
        let (payload_type, rate) = if self.is_audio {
            (OPUS, 48_000)
        } else {
            (VP8 | u8::from(is_last) << 7, 90_000)
        };
        let timestamp = 7_000 + (elapsed.as_nanos() * rate / 1_000_000_000) as u32;
        let [cc_high, cc_low] = transport_cc.to_be_bytes();
        let mut plain = vec![0x90, payload_type];
        plain.extend((self.index as u16).to_be_bytes());
        plain.extend(timestamp.to_be_bytes());
        plain.extend(self.ssrc.to_be_bytes());
        plain.extend([0xbe, 0xde, 0, 2]);
        plain.extend([extension::MID << 4, b'0' + self.mid]);
        plain.extend([extension::AUDIO_LEVEL << 4, 30]);
        plain.extend([extension::TRANSPORT_CC << 4 | 1, cc_high, cc_low, 0]);
        plain
    }

    /// Every thirtieth frame is a key frame (RFC 7741 §4.2, §4.3).
    #[expect(clippy::cast_possible_truncation, reason = "the wire has fewer bits")]
    fn body(&self, begins_frame: bool, plain: &mut Vec<u8>) {
        let from = plain.len();
        if !self.is_audio {
            let [high, low] = (self.frame as u16 & 0x7fff).to_be_bytes();
            let is_delta = u8::from(!self.frame.is_multiple_of(30));
            let start = u8::from(begins_frame) << 4;
            plain.extend([0x80 | start, 0xe0, high | 0x80, low]);
            plain.extend([self.frame as u8, 0, is_delta]);
        }
        plain.resize(from + self.flow.payload, 0x5a);
    }
}
