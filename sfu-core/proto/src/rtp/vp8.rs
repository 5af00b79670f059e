//! The VP8 payload descriptor (RFC 7741 §4.2): which frame and temporal layer a packet belongs to, in
//! the clear before the media. Its counters are rewritten in place when a slot changes source.
//!
//! ```text
//!  |X|R|N|S|R| PID |    N non-reference, S start of partition
//!  |I|L|T|K|  RSV  |    if X
//!  |M| picture id  |    if I; a second byte if M
//!  |   TL0PICIDX   |    if L
//!  |TID|Y| KEYIDX  |    if T or K
//! ```

use crate::dropped::Dropped;

/// A picture id keeps its width for the whole stream (RFC 7741 §4.2), so the width is part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    pub value: u16,
    pub is_15_bit: bool,
}

/// The counters that must run on when a slot changes source. They say by themselves where they
/// stand, so that a packet read once is rewritten for any number of viewers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp8Numbers {
    pub picture_id: Option<PictureId>,
    pub tl0picidx: Option<u8>,
}

impl Vp8Numbers {
    /// Puts these counters into a payload whose descriptor carries the same ones, each at the same
    /// width.
    pub fn write(&self, payload: &mut [u8]) {
        // Behind the first byte and the one that X announces.
        let mut at = 2;
        if let Some(PictureId { value, is_15_bit }) = self.picture_id {
            let [high, low] = value.to_be_bytes();
            let (wide, narrow) = ([high | 0x80, low], [low & 0x7f]);
            let written = if is_15_bit { &wide[..] } else { &narrow[..] };
            put(payload, at, written);
            at += written.len();
        }
        if let Some(index) = self.tl0picidx {
            put(payload, at, &[index]);
        }
    }
}

/// `len` is where the VP8 data begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vp8Descriptor {
    pub len: usize,
    /// No other frame refers to this one: it may be left out.
    pub non_reference: bool,
    pub start_of_partition: bool,
    pub partition: u8,
    pub picture_id: Option<PictureId>,
    /// Counts the frames of temporal layer 0.
    pub tl0picidx: Option<u8>,
    pub temporal_id: Option<u8>,
    /// This frame refers to layer 0 alone: a receiver may step up here.
    pub layer_sync: bool,
    pub key_index: Option<u8>,
}

impl Vp8Descriptor {
    pub fn parse(payload: &[u8]) -> Result<Self, Dropped> {
        let mut bytes = payload.iter().copied();
        let mut next = || bytes.next().ok_or(Dropped::Truncated);
        let first = next()?;
        let present = if first & 0x80 != 0 { next()? } else { 0 };
        let picture_id = match present & 0x80 {
            0 => None,
            _ => Some(match next()? {
                wide if wide & 0x80 != 0 => PictureId {
                    value: u16::from_be_bytes([wide & 0x7f, next()?]),
                    is_15_bit: true,
                },
                narrow => PictureId {
                    value: narrow.into(),
                    is_15_bit: false,
                },
            }),
        };
        let tl0picidx = match present & 0x40 {
            0 => None,
            _ => Some(next()?),
        };
        let (has_temporal, has_key_index) = (present & 0x20 != 0, present & 0x10 != 0);
        let layers = match has_temporal || has_key_index {
            true => next()?,
            false => 0,
        };
        Ok(Self {
            len: payload.len() - bytes.len(),
            non_reference: first & 0x20 != 0,
            start_of_partition: first & 0x10 != 0,
            partition: first & 0x07,
            picture_id,
            tl0picidx,
            temporal_id: has_temporal.then_some(layers >> 6),
            layer_sync: has_temporal && layers & 0x20 != 0,
            key_index: has_key_index.then_some(layers & 0x1f),
        })
    }

    pub fn numbers(&self) -> Vp8Numbers {
        Vp8Numbers {
            picture_id: self.picture_id,
            tl0picidx: self.tl0picidx,
        }
    }

    /// The first packet of a key frame; a decoder can begin here.
    pub fn starts_key_frame(&self, payload: &[u8]) -> bool {
        // RFC 7741 §4.3: the P bit of the frame header is zero for key frames.
        self.start_of_partition
            && self.partition == 0
            && payload.get(self.len).is_some_and(|frame| frame & 1 == 0)
    }

    /// Width and height in pixels, from the first packet of a key frame (RFC 6386 §9.1).
    ///
    /// ```text
    /// | frame tag, 3 bytes | 9d 01 2a | scale, width | scale, height |   little-endian
    /// ```
    pub fn key_frame_size(&self, payload: &[u8]) -> Option<(u16, u16)> {
        if !self.starts_key_frame(payload) {
            return None;
        }
        let frame = payload.get(self.len..)?.first_chunk::<10>()?;
        let [
            _,
            _,
            _,
            0x9d,
            0x01,
            0x2a,
            width @ ..,
            height_low,
            height_high,
        ] = *frame
        else {
            return None;
        };
        let without_scale = |bytes| u16::from_le_bytes(bytes) & 0x3fff;
        Some((
            without_scale(width),
            without_scale([height_low, height_high]),
        ))
    }
}

fn put(payload: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = payload.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Whether a decoder can begin with this packet.
pub fn starts_key_frame(payload: &[u8]) -> bool {
    Vp8Descriptor::parse(payload).is_ok_and(|descriptor| descriptor.starts_key_frame(payload))
}

#[cfg(test)]
mod tests;
