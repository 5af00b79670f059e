//! One outgoing source of a peer with its repair stream, as a browser sends them: mid and rid ride
//! along until the first report about the source comes back, and never again.

use std::collections::VecDeque;

use sfu_proto::control::{Mid, Rid};
use sfu_proto::ids::Ssrc;
use sfu_proto::rtp::rtx;
use sfu_proto::srtp::Outbound;

use super::media::{Encoded, Encoder};
use super::numbers::extension;
use crate::chance::Chance;

/// A browser repairs what is about a second old; this is more than that.
const HISTORY: usize = 1_000;

#[derive(Debug)]
struct Sent {
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// Numbers that a source is sent under.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub mid: Mid,
    pub rid: Option<Rid>,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
}

#[derive(Debug)]
pub struct Sender {
    pub encoder: Encoder,
    pub ssrc: Ssrc,
    rtx_ssrc: Ssrc,
    numbers: Numbers,
    first_timestamp: u32,
    last_timestamp: u32,
    index: u64,
    rtx_index: u64,
    /// A report about it has come: no more names.
    pub is_acknowledged: bool,
    history: VecDeque<Sent>,
    pub packet_count: u32,
    pub octet_count: u32,
    pub repairs_sent: u64,
    pub key_frames_asked: u64,
    /// Of 256, as the last report said.
    pub fraction_lost: u8,
}

impl Sender {
    pub fn new(encoder: Encoder, numbers: Numbers, chance: &mut Chance) -> Self {
        let first = chance.bits() & 0x7fff;
        Self {
            encoder,
            ssrc: Ssrc(chance.word()),
            rtx_ssrc: Ssrc(chance.word()),
            numbers,
            first_timestamp: chance.word(),
            last_timestamp: 0,
            index: first,
            rtx_index: first,
            is_acknowledged: false,
            history: VecDeque::new(),
            packet_count: 0,
            octet_count: 0,
            repairs_sent: 0,
            key_frames_asked: 0,
            fraction_lost: 0,
        }
    }

    /// The encoder begins anew under another source, as after a change of codec or camera.
    pub fn renew(&mut self, chance: &mut Chance) {
        self.ssrc = Ssrc(chance.word());
        self.rtx_ssrc = Ssrc(chance.word());
        self.index = chance.bits() & 0x7fff;
        self.rtx_index = self.index;
        self.is_acknowledged = false;
        self.history.clear();
        self.encoder.want_key_frame();
    }

    pub fn rtp_timestamp(&self) -> u32 {
        self.last_timestamp
    }

    /// Seals what the encoder made.
    pub fn send(
        &mut self,
        encoded: Encoded,
        audio_level: Option<u8>,
        transport_cc: u16,
        keys: &mut Outbound,
    ) -> Vec<u8> {
        #[expect(clippy::cast_possible_truncation, reason = "the wire has 16 bits")]
        let sequence = self.index as u16;
        let sent = Sent {
            sequence,
            timestamp: self.first_timestamp.wrapping_add(encoded.timestamp),
            marker: encoded.marker,
            payload: encoded.payload,
        };
        self.last_timestamp = sent.timestamp;
        let mut extensions = Extensions::default();
        if !self.is_acknowledged {
            extensions.put(extension::MID, self.numbers.mid.as_bytes());
            if let Some(rid) = &self.numbers.rid {
                extensions.put(extension::RID, rid.as_bytes());
            }
        }
        if let Some(level) = audio_level {
            extensions.put(extension::AUDIO_LEVEL, &[level]);
        }
        extensions.put(extension::TRANSPORT_CC, &transport_cc.to_be_bytes());
        let payload_type = self.numbers.payload_type;
        let header = header(payload_type, &sent, sequence, self.ssrc, &extensions);
        let bytes = seal(&header, &[&sent.payload], self.index, keys);
        self.packet_count += 1;
        self.octet_count += u32::try_from(sent.payload.len()).unwrap_or_default();
        self.index += 1;
        self.history.push_back(sent);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        bytes
    }

    /// Answers a NACK by the repair stream, if there is one and the packet is still held.
    pub fn repair(
        &mut self,
        sequence: u16,
        transport_cc: u16,
        keys: &mut Outbound,
    ) -> Option<Vec<u8>> {
        let payload_type = self.numbers.rtx_payload_type?;
        let sent = self.history.iter().rev().find(|s| s.sequence == sequence)?;
        let mut extensions = Extensions::default();
        // Nobody reports on the repair stream, so its names ride along for ever.
        extensions.put(extension::MID, self.numbers.mid.as_bytes());
        if let Some(rid) = &self.numbers.rid {
            extensions.put(extension::REPAIRED_RID, rid.as_bytes());
        }
        extensions.put(extension::TRANSPORT_CC, &transport_cc.to_be_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the wire has 16 bits")]
        let rtx_sequence = self.rtx_index as u16;
        let header = header(payload_type, sent, rtx_sequence, self.rtx_ssrc, &extensions);
        let parts = [&rtx::osn(sequence)[..], &sent.payload];
        let bytes = seal(&header, &parts, self.rtx_index, keys);
        self.rtx_index += 1;
        self.repairs_sent += 1;
        Some(bytes)
    }
}

/// Header extensions in the one-byte form (RFC 8285 §4.2).
#[derive(Debug, Default)]
struct Extensions {
    bytes: Vec<u8>,
}

impl Extensions {
    fn put(&mut self, id: u8, data: &[u8]) {
        let len = u8::try_from(data.len()).unwrap_or(16);
        self.bytes.push(id << 4 | (len - 1));
        self.bytes.extend(data);
    }
}

fn header(
    payload_type: u8,
    sent: &Sent,
    sequence: u16,
    ssrc: Ssrc,
    extensions: &Extensions,
) -> Vec<u8> {
    let mut out = vec![0x90, u8::from(sent.marker) << 7 | payload_type];
    out.extend(sequence.to_be_bytes());
    out.extend(sent.timestamp.to_be_bytes());
    out.extend(ssrc.0.to_be_bytes());
    let words = extensions.bytes.len().div_ceil(4);
    out.extend([0xbe, 0xde, 0, u8::try_from(words).unwrap_or_default()]);
    out.extend(&extensions.bytes);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn seal(header: &[u8], parts: &[&[u8]], index: u64, keys: &mut Outbound) -> Vec<u8> {
    let mut bytes = header.to_vec();
    parts.iter().for_each(|part| bytes.extend(*part));
    bytes.resize(keys.rtp_len(bytes.len()), 0);
    keys.protect_rtp(header.len(), index, &mut bytes)
        .expect("a peer's packets can be sealed");
    bytes
}
