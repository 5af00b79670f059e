//! Source descriptions (RFC 3550 §6.5). Only the CNAME matters here: sources that share one share a
//! clock.
//!
//! ```text
//! | SSRC | kind, len, text … | kind, len, text … | zeros, one at least, to a whole word |  per source
//! ```

use super::header::{self, COUNT_MAX, DESCRIPTION};
use super::{Full, Writer};
use crate::ids::Ssrc;

const CNAME: u8 = 1;

/// One item of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub ssrc: Ssrc,
    kind: u8,
    text: &'a [u8],
}

impl<'a> Item<'a> {
    pub fn cname(&self) -> Option<&'a [u8]> {
        (self.kind == CNAME).then_some(self.text)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    sources: u8,
    chunks: &'a [u8],
}

impl<'a> Description<'a> {
    pub(super) fn new(count: u8, body: &'a [u8]) -> Self {
        Self {
            sources: count,
            chunks: body,
        }
    }

    /// The items of all sources. A length that lies ends them.
    pub fn items(&self) -> impl Iterator<Item = Item<'a>> {
        Items {
            sources_left: self.sources,
            ssrc: None,
            rest: self.chunks,
        }
    }
}

/// Every step takes at least one byte, so the walk ends.
struct Items<'a> {
    sources_left: u8,
    /// The source whose items come next, if its SSRC has been read.
    ssrc: Option<Ssrc>,
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    fn step(&mut self) -> Option<Item<'a>> {
        loop {
            let Some(ssrc) = self.ssrc else {
                self.sources_left = self.sources_left.checked_sub(1)?;
                let (ssrc, rest) = header::ssrc(self.rest).ok()?;
                (self.ssrc, self.rest) = (Some(ssrc), rest);
                continue;
            };
            let (&kind, behind) = self.rest.split_first()?;
            if kind == 0 {
                // The zeros reach to the end of the word. Chunks are whole words, so what is left
                // says where that is.
                let (_, rest) = self.rest.split_at_checked((self.rest.len() - 1) % 4 + 1)?;
                (self.ssrc, self.rest) = (None, rest);
                continue;
            }
            let (&len, behind) = behind.split_first()?;
            let (text, rest) = behind.split_at_checked(len.into())?;
            self.rest = rest;
            return Some(Item { ssrc, kind, text });
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step();
        if item.is_none() {
            self.sources_left = 0;
            self.rest = &[];
        }
        item
    }
}

impl Writer<'_> {
    /// One CNAME for each source; at most 31 sources, at most 255 bytes.
    pub fn description(&mut self, ssrcs: &[Ssrc], cname: &str) -> Result<(), Full> {
        let cname_len = u8::try_from(cname.len()).map_err(|_| Full)?;
        if ssrcs.len() > COUNT_MAX {
            return Err(Full);
        }
        // SSRC, kind, len, text and at least one zero.
        let chunk_bytes = (4 + 2 + cname.len() + 1).next_multiple_of(4);
        let body = self.packet(DESCRIPTION, ssrcs.len(), chunk_bytes * ssrcs.len())?;
        for (ssrc, chunk) in ssrcs.iter().zip(body.chunks_exact_mut(chunk_bytes)) {
            chunk[..4].copy_from_slice(&ssrc.0.to_be_bytes());
            chunk[4..6].copy_from_slice(&[CNAME, cname_len]);
            let (text, zeros) = chunk[6..].split_at_mut(cname.len());
            text.copy_from_slice(cname.as_bytes());
            zeros.fill(0);
        }
        Ok(())
    }
}
