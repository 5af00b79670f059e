//! RTP header extensions (RFC 8285), read in place. The profile says which of two forms follows; both
//! are walked here, since a sender may choose for each packet.
//!
//! ```text
//! one-byte form (0xBEDE)        two-byte form (0x100.)
//! |  ID   | len-1 | data …      |      ID       |      len      | data …
//! ```
//!
//! A length that lies ends the walk; what came before it counts. The media behind is untouched, so
//! the packet is still worth forwarding.

use core::iter::FusedIterator;

use super::{AbsSendTime, AudioLevel, Header};
use crate::control::{ExtensionIds, Mid, Rid, Token};

/// RFC 8285 §4.2.
pub const ONE_BYTE_PROFILE: u16 = 0xbede;
/// RFC 8285 §4.3: the lower four bits are the application's own.
pub const TWO_BYTE_PROFILE: u16 = 0x1000;

/// Ids of the one-byte form end at 14: 15 stops the walk (RFC 8285 §4.2).
pub const ONE_BYTE_ID_MAX: u8 = 14;
/// The one-byte form says 1 to 16 bytes, the two-byte form 0 to 255.
pub const ONE_BYTE_DATA_MAX: usize = 16;

/// What this packet's extensions say, under the ids that its session agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    pub mid: Option<Mid>,
    pub rid: Option<Rid>,
    pub repaired_rid: Option<Rid>,
    pub audio_level: Option<AudioLevel>,
    pub abs_send_time: Option<AbsSendTime>,
    pub transport_cc: Option<u16>,
}

impl Extensions {
    /// `header` must be this packet's own. An element whose length does not fit its kind is ignored.
    pub fn read(header: &Header, packet: &[u8], ids: &ExtensionIds) -> Self {
        let mut read = Self::default();
        let Some((profile, range)) = &header.extension else {
            return read;
        };
        let bytes = packet.get(range.clone()).unwrap_or_default();
        for (id, data) in elements(*profile, bytes) {
            read.element(ids, id, data);
        }
        read
    }

    fn element(&mut self, ids: &ExtensionIds, id: u8, data: &[u8]) {
        let id = Some(id);
        if id == ids.transport_cc {
            self.transport_cc = data.try_into().ok().map(u16::from_be_bytes);
        } else if id == ids.abs_send_time {
            self.abs_send_time = data.try_into().ok().map(AbsSendTime::from_bytes);
        } else if id == ids.audio_level {
            // RFC 6464 §3: in the two-byte form a second byte of padding may follow.
            self.audio_level = data.first().copied().map(AudioLevel::from_byte);
        } else if id == ids.mid {
            self.mid = Token::new(data);
        } else if id == ids.rid {
            self.rid = Token::new(data);
        } else if id == ids.repaired_rid {
            self.repaired_rid = Token::new(data);
        }
    }
}

/// The elements of an extension block; none if the profile is neither form.
pub fn elements(profile: u16, bytes: &[u8]) -> Elements<'_> {
    let form = match profile {
        ONE_BYTE_PROFILE => Form::OneByte,
        _ if profile & 0xfff0 == TWO_BYTE_PROFILE => Form::TwoByte,
        _ => {
            return Elements {
                form: Form::OneByte,
                rest: &[],
            };
        }
    };
    Elements { form, rest: bytes }
}

#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
}

/// Walks (id, data). Every step takes at least one byte, so the walk ends.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    form: Form,
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    fn one_byte(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            let (&first, rest) = self.rest.split_first()?;
            let (id, len) = (first >> 4, usize::from(first & 0x0f) + 1);
            match id {
                0 if len == 1 => self.rest = rest,
                // RFC 8285 §4.2: id 15, and id 0 with a length, end the block.
                0 | 15 => return None,
                _ => return self.take(id, len, rest),
            }
        }
    }

    fn two_byte(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            let (&id, rest) = self.rest.split_first()?;
            if id != 0 {
                let (&len, rest) = rest.split_first()?;
                return self.take(id, len.into(), rest);
            }
            self.rest = rest;
        }
    }

    fn take(&mut self, id: u8, len: usize, rest: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let (data, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some((id, data))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let element = match self.form {
            Form::OneByte => self.one_byte(),
            Form::TwoByte => self.two_byte(),
        };
        if element.is_none() {
            self.rest = &[];
        }
        element
    }
}

impl FusedIterator for Elements<'_> {}

#[cfg(test)]
mod tests;
