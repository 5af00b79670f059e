//! Writes a whole outgoing header (RFC 3550 §5.1, RFC 8285): nothing of the incoming one survives,
//! since payload types, ids, mids and SSRCs belong to each session (DESIGN D1).
//!
//! ```text
//!  V=2 P X CC=1 | M PT | sequence | timestamp | SSRC | CSRC: the participant
//!  profile, words | elements …, zeros to a whole word                         if any
//! ```
//!
//! The same plan gives the same bytes: a repeated packet may be sealed again (DESIGN D6).

use super::AbsSendTime;
use super::extension::{ONE_BYTE_DATA_MAX, ONE_BYTE_ID_MAX, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};
use super::header::FIXED_BYTES;
use crate::control::Mid;
use crate::ids::{ParticipantId, Ssrc};

const CSRC_BYTES: usize = 4;
const BLOCK_AT: usize = FIXED_BYTES + CSRC_BYTES;
const BLOCK_HEAD_BYTES: usize = 4;
/// Elements in the longer form, to a whole word: mid, time, level, number.
const ELEMENT_BYTES_MAX: usize =
    ((2 + ONE_BYTE_DATA_MAX) + (2 + 3) + (2 + 1) + (2 + 2_usize)).next_multiple_of(4);
const HEADER_BYTES_MAX: usize = BLOCK_AT + BLOCK_HEAD_BYTES + ELEMENT_BYTES_MAX;

/// Every field of one outgoing header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPlan {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: Ssrc,
    /// Whose media it is, as the page reads it with `getContributingSources()`.
    pub csrc: ParticipantId,
    pub has_padding: bool,
    pub extensions: ExtensionPlan,
}

/// Extension values, each with the receiver's id for it. Id 0 is padding (RFC 8285 §4): an element
/// under it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtensionPlan {
    pub mid: Option<(u8, Mid)>,
    pub abs_send_time: Option<(u8, AbsSendTime)>,
    /// The byte of RFC 6464.
    pub audio_level: Option<(u8, u8)>,
    pub transport_cc: Option<(u8, u16)>,
}

/// One header as it goes on the wire. It is made before its packet has a place, since the length of
/// the place depends on it.
#[derive(Clone, Debug)]
pub struct Written {
    bytes: [u8; HEADER_BYTES_MAX],
    len: usize,
}

impl Written {
    pub fn as_bytes(&self) -> &[u8] {
        // `write` keeps `len` within the array.
        &self.bytes[..self.len]
    }
}

/// Everything of known width is copied at that width, and a later element overwrites what an
/// earlier one has copied too much: no call for two bytes.
pub fn write(plan: &HeaderPlan) -> Written {
    let mut bytes = [0; HEADER_BYTES_MAX];
    bytes[1] = u8::from(plan.marker) << 7 | plan.payload_type & 0x7f;
    bytes[2..4].copy_from_slice(&plan.sequence.to_be_bytes());
    bytes[4..8].copy_from_slice(&plan.timestamp.to_be_bytes());
    bytes[8..12].copy_from_slice(&plan.ssrc.0.to_be_bytes());
    bytes[FIXED_BYTES..BLOCK_AT].copy_from_slice(&plan.csrc.0.to_be_bytes());
    let words = write_elements(&plan.extensions, &mut bytes);
    let has_extension = words != 0;
    bytes[0] = 0x80 | u8::from(plan.has_padding) << 5 | u8::from(has_extension) << 4 | 1;
    let block_len = match words {
        0 => 0,
        words => BLOCK_HEAD_BYTES + 4 * usize::from(words),
    };
    Written {
        bytes,
        len: BLOCK_AT + block_len,
    }
}

/// Head and elements of the block; says how many words of elements there are, and writes nothing if
/// there are none.
fn write_elements(plan: &ExtensionPlan, bytes: &mut [u8; HEADER_BYTES_MAX]) -> u16 {
    let mut elements = Elements {
        // No value is too long for the one-byte form (RFC 8285 §4.2), but an id may be too high.
        is_one_byte: plan.highest_id() <= ONE_BYTE_ID_MAX,
        at: BLOCK_AT + BLOCK_HEAD_BYTES,
        bytes,
    };
    if let Some((id, mid)) = &plan.mid {
        elements.put(*id, mid.padded(), mid.as_bytes().len());
    }
    if let Some((id, time)) = &plan.abs_send_time {
        elements.put(*id, *time.as_bytes(), 3);
    }
    if let Some((id, level)) = plan.audio_level {
        elements.put(id, [level], 1);
    }
    if let Some((id, sequence)) = plan.transport_cc {
        elements.put(id, sequence.to_be_bytes(), 2);
    }
    let Elements {
        is_one_byte, at, ..
    } = elements;
    let element_bytes = at - BLOCK_AT - BLOCK_HEAD_BYTES;
    #[expect(clippy::cast_possible_truncation, reason = "a few words")]
    let words = element_bytes.div_ceil(4) as u16;
    if words != 0 {
        let profile = if is_one_byte {
            ONE_BYTE_PROFILE
        } else {
            TWO_BYTE_PROFILE
        };
        bytes[BLOCK_AT..BLOCK_AT + 2].copy_from_slice(&profile.to_be_bytes());
        bytes[BLOCK_AT + 2..BLOCK_AT + 4].copy_from_slice(&words.to_be_bytes());
    }
    words
}

impl ExtensionPlan {
    fn highest_id(&self) -> u8 {
        let ids = [
            self.mid
                .filter(|(_, mid)| !mid.as_bytes().is_empty())
                .map_or(0, |(id, _)| id),
            self.abs_send_time.map_or(0, |(id, _)| id),
            self.audio_level.map_or(0, |(id, _)| id),
            self.transport_cc.map_or(0, |(id, _)| id),
        ];
        ids.into_iter().fold(0, u8::max)
    }
}

/// Writes element behind element; behind the last, all is zero.
struct Elements<'a> {
    is_one_byte: bool,
    at: usize,
    bytes: &'a mut [u8; HEADER_BYTES_MAX],
}

impl Elements<'_> {
    /// The first `len` bytes of `data`, the others being zeros. Nothing under id 0 or of no length.
    fn put<const N: usize>(&mut self, id: u8, data: [u8; N], len: usize) {
        if id == 0 || len == 0 {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "no value is over 16 bytes")]
        let data_len = len as u8;
        if self.is_one_byte {
            self.bytes[self.at] = id << 4 | (data_len - 1);
            self.at += 1;
        } else {
            self.bytes[self.at..self.at + 2].copy_from_slice(&[id, data_len]);
            self.at += 2;
        }
        self.bytes[self.at..self.at + N].copy_from_slice(&data);
        self.at += len;
    }
}

#[cfg(test)]
mod tests;
