//! REMB (draft-alvestrand-rmcat-remb-03, an application packet of RFC 4585 §6.4): the receiver's own
//! estimate. Clients without transport feedback send it.
//!
//! ```text
//! | sender | 0 | "REMB" | sources | exponent, 6 bits | mantissa, 18 bits | SSRC …
//! ```

use super::header;
use crate::dropped::Dropped;
use crate::ids::Ssrc;

#[derive(Clone, Copy, Debug)]
pub struct Remb<'a> {
    pub sender: Ssrc,
    /// The highest bit rate that the sender of this packet can take; saturates.
    pub bits_per_second: u64,
    ssrcs: &'a [[u8; 4]],
}

impl<'a> Remb<'a> {
    /// `None` if it is another application's packet.
    pub(super) fn parse(body: &'a [u8]) -> Result<Option<Self>, Dropped> {
        let (sender, _, rest) = header::feedback(body)?;
        let Some(rest) = rest.strip_prefix(b"REMB") else {
            return Ok(None);
        };
        let (&[sources, high, middle, low], rest) =
            rest.split_first_chunk().ok_or(Dropped::Truncated)?;
        let mantissa = u64::from(u32::from_be_bytes([0, high & 0x03, middle, low]));
        let ssrcs = rest.as_chunks().0.get(..usize::from(sources));
        Ok(Some(Self {
            sender,
            bits_per_second: mantissa.saturating_mul(1 << (high >> 2)),
            ssrcs: ssrcs.ok_or(Dropped::Truncated)?,
        }))
    }

    pub fn ssrcs(&self) -> impl ExactSizeIterator<Item = Ssrc> + 'a {
        self.ssrcs
            .iter()
            .map(|ssrc| Ssrc(u32::from_be_bytes(*ssrc)))
    }
}
