//! The memory of all layer caches of a worker: equal chunks, reserved at the start, lent to the layers
//! that need them. A thumbnail holds two, a large picture eighty; the system gives a page only when
//! it is first written, so what is never lent costs nothing.

use crate::limits::{CACHE_CHUNK_BYTES, CACHE_CHUNKS_PER_WORKER};

/// A chunk that a layer has on loan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk(u32);

#[derive(Debug)]
pub(crate) struct Chunks {
    bytes: Box<[u8]>,
    /// The one returned last is lent first: its pages are there.
    free: Vec<Chunk>,
    /// Times that a layer needed more and there was none: it has kept less than a second.
    pub refused: u64,
}

impl Default for Chunks {
    fn default() -> Self {
        Self::new(CACHE_CHUNKS_PER_WORKER)
    }
}

impl Chunks {
    /// Bytes of all of a worker's.
    pub(crate) const RESERVED: usize = CACHE_CHUNKS_PER_WORKER as usize * CACHE_CHUNK_BYTES;

    pub(super) fn new(count: u32) -> Self {
        Self {
            bytes: vec![0; count as usize * CACHE_CHUNK_BYTES].into_boxed_slice(),
            free: (0..count).rev().map(Chunk).collect(),
            refused: 0,
        }
    }

    pub(super) fn lend(&mut self) -> Option<Chunk> {
        let chunk = self.free.pop();
        self.refused += u64::from(chunk.is_none());
        chunk
    }

    pub(super) fn take_back(&mut self, chunk: Chunk) {
        self.free.push(chunk);
    }

    /// `len` bytes of `chunk` from `at` on.
    pub(super) fn part(&self, chunk: Chunk, at: u16, len: u16) -> &[u8] {
        let start = start(chunk, at);
        &self.bytes[start..start + usize::from(len)]
    }

    pub(super) fn part_mut(&mut self, chunk: Chunk, at: u16, len: u16) -> &mut [u8] {
        let start = start(chunk, at);
        &mut self.bytes[start..start + usize::from(len)]
    }

    #[cfg(test)]
    pub(super) fn free_count(&self) -> usize {
        self.free.len()
    }
}

fn start(chunk: Chunk, at: u16) -> usize {
    chunk.0 as usize * CACHE_CHUNK_BYTES + usize::from(at)
}
