//! The two ways of asking for a key frame: picture loss (RFC 4585 §6.3.1) and full intra request
//! (RFC 5104 §4.3.1). Chromium sends PLI; other clients only know FIR.
//!
//! ```text
//! PLI  | sender | media |
//! FIR  | sender | 0     | SSRC asked, number, 3 zeros | …
//! ```

use super::header::{self, FEEDBACK_BYTES, PAYLOAD_SPECIFIC};
use super::{Full, Writer};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pli {
    pub sender: Ssrc,
    pub media: Ssrc,
}

impl Pli {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Dropped> {
        let (sender, media, _) = header::feedback(body)?;
        Ok(Self { sender, media })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Fir<'a> {
    pub sender: Ssrc,
    entries: &'a [[u8; 8]],
}

/// One source that is asked for a key frame. The same number again is the same request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirEntry {
    pub ssrc: Ssrc,
    pub number: u8,
}

impl<'a> Fir<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Dropped> {
        let (sender, _, rest) = header::feedback(body)?;
        match rest.as_chunks() {
            (entries @ [_, ..], []) => Ok(Self { sender, entries }),
            _ => Err(Dropped::Truncated),
        }
    }

    pub fn entries(&self) -> impl ExactSizeIterator<Item = FirEntry> + 'a {
        self.entries
            .iter()
            .map(|&[a, b, c, d, number, ..]| FirEntry {
                ssrc: Ssrc(u32::from_be_bytes([a, b, c, d])),
                number,
            })
    }
}

impl Writer<'_> {
    pub fn pli(&mut self, sender: Ssrc, media: Ssrc) -> Result<(), Full> {
        let body = self.packet(PAYLOAD_SPECIFIC, header::PLI.into(), FEEDBACK_BYTES)?;
        header::write_feedback(body, sender, media);
        Ok(())
    }

    /// `number` rises by one with each new request to the same source (RFC 5104 §4.3.1.1).
    pub fn fir(&mut self, sender: Ssrc, entry: FirEntry) -> Result<(), Full> {
        let body = self.packet(PAYLOAD_SPECIFIC, header::FIR.into(), FEEDBACK_BYTES + 8)?;
        header::write_feedback(body, sender, Ssrc(0));
        body[8..12].copy_from_slice(&entry.ssrc.0.to_be_bytes());
        body[12..].copy_from_slice(&[entry.number, 0, 0, 0]);
        Ok(())
    }
}
