//! Goodbyes (RFC 3550 §6.6). The reason for leaving is not read: nobody here would act on it.
//!
//! ```text
//! | SSRC … | len, reason |
//! ```

use super::header::GOODBYE;
use super::{Full, Writer};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

#[derive(Clone, Copy, Debug)]
pub struct Goodbye<'a> {
    ssrcs: &'a [[u8; 4]],
}

impl<'a> Goodbye<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Result<Self, Dropped> {
        let ssrcs = body.as_chunks().0.get(..usize::from(count));
        Ok(Self {
            ssrcs: ssrcs.ok_or(Dropped::Truncated)?,
        })
    }

    /// Who leaves. It may be anybody's SSRC: believe it only of the sender's own.
    pub fn ssrcs(&self) -> impl ExactSizeIterator<Item = Ssrc> + 'a {
        self.ssrcs
            .iter()
            .map(|ssrc| Ssrc(u32::from_be_bytes(*ssrc)))
    }
}

impl Writer<'_> {
    /// At most 31 sources.
    pub fn goodbye(&mut self, ssrcs: &[Ssrc]) -> Result<(), Full> {
        let body = self.packet(GOODBYE, ssrcs.len(), 4 * ssrcs.len())?;
        for (ssrc, out) in ssrcs.iter().zip(body.as_chunks_mut().0) {
            *out = ssrc.0.to_be_bytes();
        }
        Ok(())
    }
}
