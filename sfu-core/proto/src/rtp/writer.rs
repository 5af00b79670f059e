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
const BLOCK_HEAD_BYTES: usize = 4;

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

/// How many bytes [`write()`] will fill.
pub fn len(plan: &HeaderPlan) -> usize {
    FIXED_BYTES + CSRC_BYTES + Block::of(&plan.extensions).len()
}

/// Fills the first [`len`] bytes of `out` and says how many those are.
///
/// # Panics
///
/// If `out` is shorter than that: its owner asked [`len`] first.
pub fn write(plan: &HeaderPlan, out: &mut [u8]) -> usize {
    let block = Block::of(&plan.extensions);
    let len = FIXED_BYTES + CSRC_BYTES + block.len();
    let (fixed, rest) = out[..len].split_at_mut(FIXED_BYTES);
    let has_extension = block.words != 0;
    fixed[0] = 0x80 | u8::from(plan.has_padding) << 5 | u8::from(has_extension) << 4 | 1;
    fixed[1] = u8::from(plan.marker) << 7 | plan.payload_type & 0x7f;
    fixed[2..4].copy_from_slice(&plan.sequence.to_be_bytes());
    fixed[4..8].copy_from_slice(&plan.timestamp.to_be_bytes());
    fixed[8..12].copy_from_slice(&plan.ssrc.0.to_be_bytes());
    let (csrc, extension) = rest.split_at_mut(CSRC_BYTES);
    csrc.copy_from_slice(&plan.csrc.0.to_be_bytes());
    if has_extension {
        block.write(&plan.extensions, extension);
    }
    len
}

impl ExtensionPlan {
    /// The elements in the order in which they stand, always the same.
    fn for_each(&self, mut element: impl FnMut(u8, &[u8])) {
        let mut present = |id: u8, data: &[u8]| {
            if id != 0 && !data.is_empty() {
                element(id, data);
            }
        };
        if let Some((id, mid)) = &self.mid {
            present(*id, mid.as_bytes());
        }
        if let Some((id, time)) = &self.abs_send_time {
            present(*id, time.as_bytes());
        }
        if let Some((id, level)) = self.audio_level {
            present(id, &[level]);
        }
        if let Some((id, sequence)) = self.transport_cc {
            present(id, &sequence.to_be_bytes());
        }
    }
}

/// The form and size of an extension block.
struct Block {
    is_one_byte: bool,
    words: u16,
}

impl Block {
    fn of(extensions: &ExtensionPlan) -> Self {
        let mut is_one_byte = true;
        let (mut count, mut data_bytes) = (0, 0);
        extensions.for_each(|id, data| {
            is_one_byte &= id <= ONE_BYTE_ID_MAX && data.len() <= ONE_BYTE_DATA_MAX;
            count += 1;
            data_bytes += data.len();
        });
        let bytes = data_bytes + count * if is_one_byte { 1 } else { 2 };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "four elements of at most 18 bytes"
        )]
        let words = bytes.div_ceil(4) as u16;
        Self { is_one_byte, words }
    }

    /// Bytes with the head; nothing at all without elements.
    fn len(&self) -> usize {
        match self.words {
            0 => 0,
            words => BLOCK_HEAD_BYTES + 4 * usize::from(words),
        }
    }

    fn write(&self, extensions: &ExtensionPlan, out: &mut [u8]) {
        let profile = if self.is_one_byte {
            ONE_BYTE_PROFILE
        } else {
            TWO_BYTE_PROFILE
        };
        out[..2].copy_from_slice(&profile.to_be_bytes());
        out[2..4].copy_from_slice(&self.words.to_be_bytes());
        let mut at = BLOCK_HEAD_BYTES;
        extensions.for_each(|id, data| {
            #[expect(clippy::cast_possible_truncation, reason = "no value is over 16 bytes")]
            let data_len = data.len() as u8;
            if self.is_one_byte {
                out[at] = id << 4 | (data_len - 1);
                at += 1;
            } else {
                out[at..at + 2].copy_from_slice(&[id, data_len]);
                at += 2;
            }
            out[at..at + data.len()].copy_from_slice(data);
            at += data.len();
        });
        out[at..].fill(0);
    }
}

#[cfg(test)]
mod tests;
