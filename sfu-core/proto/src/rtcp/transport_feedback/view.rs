//! Reads transport feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1, framed by
//! RFC 4585). Only packets that arrived are listed: two bytes can claim 8,191 lost ones, and walking
//! those one by one would be work that a sender of feedback gets for nothing.

use super::super::header;
use super::chunk::{Chunk, LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA};
use super::{HEAD_BYTES, REFERENCE_SHIFT};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

/// Every packet from `base_sequence` on, `status_count` of them, that is not in
/// [`received`](Self::received) is lost.
#[derive(Clone, Copy, Debug)]
pub struct TransportFeedback<'a> {
    pub sender: Ssrc,
    pub media: Ssrc,
    pub base_sequence: u16,
    /// Never zero.
    pub status_count: u16,
    pub feedback_count: u8,
    reference_ticks: u32,
    chunks: &'a [[u8; 2]],
    deltas: &'a [u8],
}

/// One packet that arrived, and when, on the clock of the receiver modulo 2^32 ticks of 250 µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub sequence: u16,
    pub ticks: u32,
}

impl<'a> TransportFeedback<'a> {
    pub(in crate::rtcp) fn parse(body: &'a [u8]) -> Result<Self, Dropped> {
        let (head, rest) = body
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or(Dropped::Truncated)?;
        let (sender, media, _) = header::feedback(head)?;
        let status_count = u16::from_be_bytes([head[10], head[11]]);
        if status_count == 0 {
            return Err(Dropped::Malformed);
        }
        let (chunk_count, delta_bytes) = measure(status_count, rest.as_chunks().0)?;
        let (chunks, deltas) = rest.split_at(2 * chunk_count);
        Ok(Self {
            sender,
            media,
            base_sequence: u16::from_be_bytes([head[8], head[9]]),
            status_count,
            feedback_count: head[15],
            reference_ticks: u32::from_be_bytes([0, head[12], head[13], head[14]])
                << REFERENCE_SHIFT,
            chunks: chunks.as_chunks().0,
            deltas: deltas.get(..delta_bytes).ok_or(Dropped::Truncated)?,
        })
    }

    /// The packets that arrived, by rising sequence.
    pub fn received(&self) -> impl Iterator<Item = Received> + 'a {
        self.walk()
    }

    fn walk(&self) -> Walk<'a> {
        Walk {
            chunks: self.chunks,
            deltas: self.deltas,
            current: Chunk::Run {
                symbol: NOT_RECEIVED,
                len: 0,
            },
            index: 0,
            left: self.status_count,
            sequence: self.base_sequence,
            ticks: self.reference_ticks,
        }
    }
}

/// How many chunks `status_count` symbols take, and how many bytes of deltas follow them.
fn measure(status_count: u16, chunks: &[[u8; 2]]) -> Result<(usize, usize), Dropped> {
    let mut left = status_count;
    let mut delta_bytes = 0;
    for (index, bytes) in chunks.iter().enumerate() {
        let chunk = Chunk::read(*bytes);
        let len = chunk.len().min(left);
        delta_bytes += match chunk {
            Chunk::Run { symbol, .. } => bytes_of(symbol)? * usize::from(len),
            _ => (0..len).try_fold(0, |sum, i| Ok(sum + bytes_of(chunk.symbol(i))?))?,
        };
        left -= len;
        if left == 0 {
            return Ok((index + 1, delta_bytes));
        }
    }
    Err(Dropped::Truncated)
}

/// The fourth symbol is reserved.
fn bytes_of(symbol: u8) -> Result<usize, Dropped> {
    match symbol {
        NOT_RECEIVED | SMALL_DELTA | LARGE_DELTA => Ok(symbol.into()),
        _ => Err(Dropped::Malformed),
    }
}

/// Takes a delta, a chunk, or a symbol of a short vector with every turn of its loop, so it ends after
/// as many turns as the packet has bits.
struct Walk<'a> {
    chunks: &'a [[u8; 2]],
    deltas: &'a [u8],
    current: Chunk,
    /// Where in `current` the next symbol stands.
    index: u16,
    /// Statuses still to come, `current`'s included.
    left: u16,
    sequence: u16,
    ticks: u32,
}

impl Walk<'_> {
    fn advance(&mut self, by: u16) {
        self.index += by;
        self.left -= by;
        self.sequence = self.sequence.wrapping_add(by);
    }

    fn delta(&mut self, symbol: u8) -> Option<i16> {
        if symbol == SMALL_DELTA {
            let (&delta, rest) = self.deltas.split_first()?;
            self.deltas = rest;
            Some(delta.into())
        } else {
            let (delta, rest) = self.deltas.split_first_chunk()?;
            self.deltas = rest;
            Some(i16::from_be_bytes(*delta))
        }
    }
}

impl Walk<'_> {
    /// `None` at the end; `Some(None)` if this turn only moved on.
    fn turn(&mut self) -> Option<Option<Received>> {
        let in_chunk = (self.current.len() - self.index).min(self.left);
        if in_chunk == 0 {
            let (chunk, rest) = self.chunks.split_first()?;
            (self.current, self.chunks, self.index) = (Chunk::read(*chunk), rest, 0);
            return Some(None);
        }
        let symbol = self.current.symbol(self.index);
        if symbol == NOT_RECEIVED {
            let is_run = matches!(self.current, Chunk::Run { .. });
            self.advance(if is_run { in_chunk } else { 1 });
            return Some(None);
        }
        let delta = self.delta(symbol)?;
        self.ticks = self.ticks.wrapping_add_signed(delta.into());
        let received = Received {
            sequence: self.sequence,
            ticks: self.ticks,
        };
        self.advance(1);
        Some(Some(received))
    }
}

impl Iterator for Walk<'_> {
    type Item = Received;

    fn next(&mut self) -> Option<Received> {
        loop {
            if let Some(received) = self.turn()? {
                return Some(received);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claiming_everything_lost_is_no_work() {
        let mut body = vec![0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0];
        body.extend([0x1f, 0xff].repeat(10));
        let feedback = TransportFeedback::parse(&body).unwrap();
        assert_eq!(feedback.status_count, 0xffff);
        let mut walk = feedback.walk();
        let mut turns = 0;
        while let Some(received) = walk.turn() {
            assert_eq!(received, None);
            turns += 1;
        }
        assert_eq!(turns, 2 * 9, "to read a chunk and to skip it");
    }
}
