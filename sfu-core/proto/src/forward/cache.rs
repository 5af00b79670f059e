//! The last packets of one layer, in plain text, once for all its viewers. Forwarding reads them
//! from here, and so does every repair.
//!
//! ```text
//!  entries   [ … | 7001 | 7002 |  -   | 7004 | … ]   at sequence mod capacity
//!                    \      \             \
//!  pieces    (… 6998 6999)(7000 7001 7002)(7004     )   chunks on loan, a ring of them
//! ```
//!
//! The ring grows while its oldest piece is younger than `limits::CACHE_TIME`; a piece is begun anew
//! as a whole, and what lay in it is gone.

use super::chunks::{Chunk, Chunks};
use super::packet_info::PacketInfo;
use crate::dropped::Dropped;
use crate::limits::{CACHE_CHUNK_BYTES, CACHE_TIME};
use crate::time::Instant;

/// libwebrtc splits a frame evenly: some packets of n bytes, then some of n + 1
/// (`RtpPacketizer::SplitAboutEqually`). A train takes only packets of one length (UDP GSO), so one
/// byte of padding makes one train of two; more would only make packets of different kinds equal.
const EVENING_BYTES: u8 = 1;

/// One packet: what forwarding needs to know, and where its payload lies.
#[derive(Clone, Copy, Debug)]
struct Entry {
    sequence: u64,
    info: PacketInfo,
    place: Place,
}

/// Bytes of a piece, as long as it has not been begun anew.
#[derive(Clone, Copy, Debug)]
struct Place {
    times_begun: u32,
    piece: u16,
    at: u16,
    len: u16,
}

#[derive(Debug)]
struct Piece {
    chunk: Chunk,
    times_begun: u32,
    /// The one after it in the ring.
    next: u16,
    /// When it was last written.
    written: Instant,
}

/// A packet as it lies in the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cached<'a> {
    pub sequence: u64,
    pub info: PacketInfo,
    pub payload: &'a [u8],
}

#[derive(Debug)]
pub(super) struct Cache {
    entries: Box<[Option<Entry>]>,
    pieces: Vec<Piece>,
    /// The piece that is being filled, and how far.
    current: u16,
    used: u16,
    highest: Option<u64>,
    /// From here on all have come in this pass, in order: nothing can have left of them yet.
    unsent_from: Option<u64>,
}

// One line of the processor's cache for each packet.
const _: () = assert!(size_of::<Option<Entry>>() <= 64);
const _: () = assert!(CACHE_CHUNK_BYTES <= u16::MAX as usize);

impl Cache {
    /// `packets` must be a power of two: sequences are folded by mask.
    pub(super) fn new(packets: usize, pieces_max: usize) -> Self {
        assert!(packets.is_power_of_two() && u16::try_from(pieces_max).is_ok());
        Self {
            entries: vec![None; packets].into_boxed_slice(),
            pieces: Vec::with_capacity(pieces_max),
            current: 0,
            used: 0,
            highest: None,
            unsent_from: None,
        }
    }

    /// Gives its memory back.
    pub(super) fn end(self, chunks: &mut Chunks) {
        for piece in self.pieces {
            chunks.take_back(piece.chunk);
        }
    }

    /// Forgets all packets: the source begins anew.
    pub(super) fn clear(&mut self) {
        self.entries.fill(None);
        self.highest = None;
        self.unsent_from = None;
    }

    pub(super) fn insert(
        &mut self,
        now: Instant,
        sequence: u64,
        info: PacketInfo,
        payload: &[u8],
        chunks: &mut Chunks,
    ) -> Result<(), Dropped> {
        let len = u16::try_from(payload.len()).map_err(|_| Dropped::Malformed)?;
        if self
            .highest
            .is_some_and(|highest| sequence + self.entries.len() as u64 <= highest)
        {
            return Err(Dropped::RtpTooOld);
        }
        // Also when its bytes have been overwritten since: the number has been used, and other bytes
        // under it would be sealed with the same nonce (DESIGN D6).
        let index = self.index(sequence);
        if self.entries[index].is_some_and(|entry| entry.sequence == sequence) {
            return Err(Dropped::RtpDuplicate);
        }
        let place = self.reserve(now, len, chunks)?;
        let chunk = self.pieces[usize::from(place.piece)].chunk;
        chunks
            .part_mut(chunk, place.at, len)
            .copy_from_slice(payload);
        self.entries[index] = Some(Entry {
            sequence,
            info,
            place,
        });
        if self.highest.is_none_or(|highest| highest < sequence) {
            self.highest = Some(sequence);
            self.unsent_from.get_or_insert(sequence);
        } else {
            // A viewer may have asked for it already and got it: its form is final.
            self.unsent_from = None;
        }
        Ok(())
    }

    /// Pads the packets of its frame just before `sequence` that are a byte shorter. Decided here,
    /// once for all viewers and for repeats under the same number, which must be the same bytes
    /// (DESIGN D6). So it touches only what nobody can have been sent.
    pub(super) fn even_out(&mut self, sequence: u64) {
        let Some(from) = self.unsent_from else { return };
        let Some(longer) = self.entries[self.index(sequence)] else {
            return;
        };
        for earlier in (from..sequence).rev() {
            let index = self.index(earlier);
            let Some(entry) = &mut self.entries[index] else {
                return;
            };
            let is_shorter = entry.place.len > 0
                && entry.place.len + u16::from(EVENING_BYTES) == longer.place.len;
            let is_beside = entry.sequence == earlier
                && entry.info.timestamp == longer.info.timestamp
                && entry.info.padding == 0;
            if !(is_beside && is_shorter) {
                return;
            }
            entry.info.padding = EVENING_BYTES;
        }
    }

    /// What came in this pass may leave now: its form is final.
    pub(super) fn end_pass(&mut self) {
        self.unsent_from = None;
    }

    pub(super) fn get<'a>(&self, sequence: u64, chunks: &'a Chunks) -> Option<Cached<'a>> {
        let entry = self.entries[self.index(sequence)].as_ref()?;
        let Place { piece, at, len, .. } = entry.place;
        let piece = self.pieces.get(usize::from(piece))?;
        if entry.sequence != sequence || entry.place.times_begun != piece.times_begun {
            return None;
        }
        Some(Cached {
            sequence,
            info: entry.info,
            payload: chunks.part(piece.chunk, at, len),
        })
    }

    /// Room for `len` bytes in one piece.
    fn reserve(&mut self, now: Instant, len: u16, chunks: &mut Chunks) -> Result<Place, Dropped> {
        if usize::from(len) > CACHE_CHUNK_BYTES {
            return Err(Dropped::Malformed);
        }
        let end = usize::from(self.used) + usize::from(len);
        if self.pieces.is_empty() || end > CACHE_CHUNK_BYTES {
            self.begin_piece(now, chunks)?;
        }
        let at = self.used;
        self.used += len;
        let piece = &mut self.pieces[usize::from(self.current)];
        piece.written = now;
        Ok(Place {
            times_begun: piece.times_begun,
            piece: self.current,
            at,
            len,
        })
    }

    /// Goes on in the oldest piece, or in another one if all are too young to be given up.
    fn begin_piece(&mut self, now: Instant, chunks: &mut Chunks) -> Result<(), Dropped> {
        let next = self
            .pieces
            .get(usize::from(self.current))
            .map_or(0, |piece| piece.next);
        let oldest = self.pieces.get(usize::from(next));
        let is_spent = next != self.current
            && oldest.is_some_and(|oldest| now.since(oldest.written) >= CACHE_TIME);
        let may_grow = self.pieces.len() < self.pieces.capacity();
        let another = match may_grow && !is_spent {
            true => chunks.lend(),
            false => None,
        };
        match another {
            Some(chunk) => self.add_piece(now, next, chunk),
            None => self.current = next,
        }
        self.used = 0;
        let piece = self
            .pieces
            .get_mut(usize::from(self.current))
            .ok_or(Dropped::CacheNone)?;
        piece.times_begun = piece.times_begun.wrapping_add(1);
        Ok(())
    }

    /// Between the current piece and the `next` of the ring.
    fn add_piece(&mut self, now: Instant, next: u16, chunk: Chunk) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`new` holds their number below 2^16"
        )]
        let added = self.pieces.len() as u16;
        self.pieces.push(Piece {
            chunk,
            times_begun: 0,
            next,
            written: now,
        });
        if let Some(before) = self.pieces.get_mut(usize::from(self.current)) {
            before.next = added;
        }
        self.current = added;
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "masked to the number of entries"
    )]
    fn index(&self, sequence: u64) -> usize {
        (sequence & (self.entries.len() as u64 - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache with all the memory that there is.
    struct Rig {
        cache: Cache,
        chunks: Chunks,
        now: Instant,
    }

    impl Rig {
        fn new(packets: usize, pieces: usize) -> Self {
            Self {
                cache: Cache::new(packets, pieces),
                chunks: Chunks::new(4),
                now: Instant::default(),
            }
        }

        fn put(&mut self, sequence: u64, len: usize) -> Result<(), Dropped> {
            #[expect(clippy::cast_possible_truncation, reason = "a pattern, nothing more")]
            let payload = vec![sequence as u8; len];
            self.insert(sequence, PacketInfo::default(), &payload)
        }

        fn insert(&mut self, at: u64, info: PacketInfo, payload: &[u8]) -> Result<(), Dropped> {
            self.cache
                .insert(self.now, at, info, payload, &mut self.chunks)
        }

        fn get(&self, sequence: u64) -> Option<Cached<'_>> {
            self.cache.get(sequence, &self.chunks)
        }

        fn frame(&mut self, timestamp: u64, packets: &[(u64, usize)]) {
            for (sequence, len) in packets {
                let info = PacketInfo {
                    timestamp,
                    ..PacketInfo::default()
                };
                self.insert(*sequence, info, &vec![7; *len]).unwrap();
                self.cache.even_out(*sequence);
            }
        }

        fn padding<const N: usize>(&self, sequences: [u64; N]) -> [u8; N] {
            sequences.map(|sequence| self.get(sequence).unwrap().info.padding)
        }
    }

    #[test]
    fn a_packet_comes_back_as_it_went_in() {
        let mut rig = Rig::new(8, 1);
        rig.put(5, 10).unwrap();
        assert_eq!(rig.get(5).unwrap().payload, [5; 10]);
        assert!(rig.get(4).is_none() && rig.get(13).is_none());
    }

    #[test]
    fn twice_is_a_duplicate_and_far_behind_is_too_old() {
        let mut rig = Rig::new(8, 1);
        rig.put(100, 10).unwrap();
        assert_eq!(rig.put(100, 10), Err(Dropped::RtpDuplicate));
        assert_eq!(rig.put(92, 10), Err(Dropped::RtpTooOld));
        assert_eq!(rig.put(93, 10), Ok(()));
    }

    #[test]
    fn overwritten_bytes_are_never_handed_out() {
        for pieces in 1..=4 {
            let mut rig = Rig::new(64, pieces);
            for sequence in 0..500 {
                rig.now = rig.now + CACHE_TIME / 10;
                let len = 700 + usize::try_from(sequence % 23).unwrap() * 31;
                rig.put(sequence, len).unwrap();
                for held in 0..=sequence {
                    if let Some(cached) = rig.get(held) {
                        assert!(
                            cached
                                .payload
                                .iter()
                                .all(|it| u64::from(*it) == held & 0xff)
                        );
                    }
                }
                assert!(rig.get(sequence).is_some());
            }
        }
    }

    #[test]
    fn a_number_is_never_taken_twice_though_its_bytes_are_gone() {
        let mut rig = Rig::new(64, 1);
        for sequence in 0..5 {
            rig.put(sequence, 1_000).unwrap();
        }
        assert!(rig.get(0).is_none());
        assert_eq!(rig.put(0, 60), Err(Dropped::RtpDuplicate));
    }

    #[test]
    fn it_holds_a_second_and_no_more_memory_than_that_takes() {
        let mut rig = Rig::new(64, 4);
        for sequence in 0..100 {
            rig.put(sequence, 1_000).unwrap();
            rig.now = rig.now + CACHE_TIME / 6;
            // Four fit a chunk: a second is spread over three of them at most.
            let oldest = sequence.saturating_sub(5);
            assert!((oldest..=sequence).all(|held| rig.get(held).is_some()));
        }
        assert_eq!(rig.chunks.free_count(), 1);
        rig.cache.end(&mut rig.chunks);
        assert_eq!(rig.chunks.free_count(), 4);
    }

    #[test]
    fn without_memory_it_makes_do_with_what_it_has() {
        let mut rig = Rig::new(64, 4);
        (0..12).for_each(|sequence| rig.put(sequence, 1_000).unwrap());
        let first = core::mem::replace(&mut rig.cache, Cache::new(64, 4));
        // The fourth chunk is the last.
        (0..12).for_each(|sequence| rig.put(sequence, 1_000).unwrap());
        assert!(rig.get(7).is_none() && rig.get(11).is_some());
        assert_eq!(rig.chunks.refused, 2);
        rig.cache = Cache::new(64, 4);
        assert_eq!(rig.put(1, 1_000), Err(Dropped::CacheNone));
        rig.cache = first;
        assert!(rig.get(0).is_some() && rig.get(11).is_some());
    }

    #[test]
    fn packets_a_byte_shorter_are_evened_out() {
        let mut rig = Rig::new(64, 4);
        rig.frame(
            1,
            &[(5, 99), (6, 99), (7, 99), (8, 100), (9, 100), (10, 40)],
        );
        assert_eq!(rig.padding([5, 6, 7, 8, 9, 10]), [1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn other_lengths_and_other_frames_are_left_alone() {
        let mut rig = Rig::new(64, 4);
        rig.frame(1, &[(1, 98), (2, 99)]);
        rig.frame(2, &[(3, 100), (4, 102), (5, 101), (6, 0), (7, 1)]);
        assert_eq!(rig.padding([1, 2, 3, 4, 5, 6, 7]), [1, 0, 0, 0, 0, 0, 0]);
        // Padded by one, not by two.
        rig.frame(3, &[(8, 50), (9, 51), (10, 52)]);
        assert_eq!(rig.padding([8, 9, 10]), [1, 1, 0]);
    }

    #[test]
    fn what_may_have_been_sent_keeps_its_form() {
        let mut rig = Rig::new(64, 4);
        rig.frame(1, &[(1, 99)]);
        rig.cache.end_pass();
        rig.frame(1, &[(2, 100)]);
        assert_eq!(rig.padding([1]), [0], "it left in the pass before");

        rig.frame(2, &[(5, 99), (4, 99), (6, 100)]);
        assert_eq!(
            rig.padding([4, 5]),
            [0, 0],
            "4 was asked for before it came"
        );
        rig.frame(2, &[(8, 101), (9, 102)]);
        assert_eq!(rig.padding([6, 8]), [0, 1], "7 is missing");
    }

    #[test]
    fn cleared_is_empty() {
        let mut rig = Rig::new(8, 1);
        rig.put(1000, 10).unwrap();
        rig.cache.clear();
        assert!(rig.get(1000).is_none());
        assert_eq!(rig.put(3, 10), Ok(()));
    }
}
