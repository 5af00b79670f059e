//! The last packets of one layer, in plain text, once for all its viewers. Forwarding reads them
//! from here, and so does every repair.
//!
//! ```text
//!  entries   [ … | 7001 | 7002 |  -   | 7004 | … ]   at sequence mod capacity
//!                    \      \             \
//!  bytes     |--7000--|--7001--|--7002--|--7004--|    a ring; a payload never wraps
//! ```

use super::packet_info::PacketInfo;
use crate::dropped::Dropped;

/// libwebrtc splits a frame evenly: some packets of n bytes, then some of n + 1
/// (`RtpPacketizer::SplitAboutEqually`). A train takes only packets of one length (UDP GSO), so one
/// byte of padding makes one train of two; more would only make packets of different kinds equal.
const EVENING_BYTES: u8 = 1;

/// One packet: what forwarding needs to know, and where its payload lies.
#[derive(Clone, Copy, Debug)]
struct Entry {
    sequence: u64,
    /// Position in the endless stream of bytes written; the ring holds the last `bytes.len()`.
    start: u64,
    len: u16,
    info: PacketInfo,
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
    bytes: Box<[u8]>,
    written: u64,
    highest: Option<u64>,
    /// From here on all have come in this pass, in order: nothing can have left of them yet.
    unsent_from: Option<u64>,
}

impl Cache {
    /// `packets` must be a power of two: sequences are folded by mask.
    pub(super) fn new(packets: usize, bytes: usize) -> Self {
        assert!(packets.is_power_of_two());
        Self {
            entries: vec![None; packets].into_boxed_slice(),
            bytes: vec![0; bytes].into_boxed_slice(),
            written: 0,
            highest: None,
            unsent_from: None,
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
        sequence: u64,
        info: PacketInfo,
        payload: &[u8],
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
        let start = self.reserve(payload.len())?;
        let at = self.position(start);
        self.bytes[at..at + payload.len()].copy_from_slice(payload);
        self.entries[index] = Some(Entry {
            sequence,
            start,
            len,
            info,
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
            let is_shorter = entry.len > 0 && entry.len + u16::from(EVENING_BYTES) == longer.len;
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

    pub(super) fn get(&self, sequence: u64) -> Option<Cached<'_>> {
        let entry = self.entries[self.index(sequence)].as_ref()?;
        let still_there = self.written - entry.start <= self.bytes.len() as u64;
        if entry.sequence != sequence || !still_there {
            return None;
        }
        let at = self.position(entry.start);
        let payload = &self.bytes[at..at + usize::from(entry.len)];
        Some(Cached {
            sequence,
            info: entry.info,
            payload,
        })
    }

    /// Room for `len` bytes in one piece; what lay there is overwritten.
    fn reserve(&mut self, len: usize) -> Result<u64, Dropped> {
        if len > self.bytes.len() {
            return Err(Dropped::Malformed);
        }
        let at = self.position(self.written);
        if at + len > self.bytes.len() {
            self.written += (self.bytes.len() - at) as u64; // The piece at the end stays unused.
        }
        let start = self.written;
        self.written += len as u64;
        Ok(start)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a remainder of the ring's length"
    )]
    fn position(&self, stream_position: u64) -> usize {
        (stream_position % self.bytes.len() as u64) as usize
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

    fn put(cache: &mut Cache, sequence: u64, len: usize) -> Result<(), Dropped> {
        #[expect(clippy::cast_possible_truncation, reason = "a pattern, nothing more")]
        let payload = vec![sequence as u8; len];
        cache.insert(sequence, PacketInfo::default(), &payload)
    }

    #[test]
    fn a_packet_comes_back_as_it_went_in() {
        let mut cache = Cache::new(8, 100);
        put(&mut cache, 5, 10).unwrap();
        assert_eq!(cache.get(5).unwrap().payload, [5; 10]);
        assert!(cache.get(4).is_none() && cache.get(13).is_none());
    }

    #[test]
    fn twice_is_a_duplicate_and_far_behind_is_too_old() {
        let mut cache = Cache::new(8, 1000);
        put(&mut cache, 100, 10).unwrap();
        assert_eq!(put(&mut cache, 100, 10), Err(Dropped::RtpDuplicate));
        assert_eq!(put(&mut cache, 92, 10), Err(Dropped::RtpTooOld));
        assert_eq!(put(&mut cache, 93, 10), Ok(()));
    }

    #[test]
    fn overwritten_bytes_are_never_handed_out() {
        let mut cache = Cache::new(64, 100);
        for sequence in 0..200 {
            put(
                &mut cache,
                sequence,
                7 + usize::try_from(sequence % 23).unwrap(),
            )
            .unwrap();
            for held in 0..=sequence {
                if let Some(cached) = cache.get(held) {
                    assert!(cached.payload.iter().all(|byte| u64::from(*byte) == held));
                }
            }
            assert!(cache.get(sequence).is_some());
        }
    }

    #[test]
    fn a_number_is_never_taken_twice_though_its_bytes_are_gone() {
        let mut cache = Cache::new(64, 100);
        put(&mut cache, 0, 60).unwrap();
        put(&mut cache, 1, 60).unwrap();
        assert!(cache.get(0).is_none());
        assert_eq!(put(&mut cache, 0, 60), Err(Dropped::RtpDuplicate));
    }

    fn frame(cache: &mut Cache, timestamp: u64, packets: &[(u64, usize)]) {
        for (sequence, len) in packets {
            let info = PacketInfo {
                timestamp,
                ..PacketInfo::default()
            };
            cache.insert(*sequence, info, &vec![7; *len]).unwrap();
            cache.even_out(*sequence);
        }
    }

    fn padding<const N: usize>(cache: &Cache, sequences: [u64; N]) -> [u8; N] {
        sequences.map(|sequence| cache.get(sequence).unwrap().info.padding)
    }

    #[test]
    fn packets_a_byte_shorter_are_evened_out() {
        let mut cache = Cache::new(64, 10_000);
        frame(
            &mut cache,
            1,
            &[(5, 99), (6, 99), (7, 99), (8, 100), (9, 100), (10, 40)],
        );
        assert_eq!(padding(&cache, [5, 6, 7, 8, 9, 10]), [1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn other_lengths_and_other_frames_are_left_alone() {
        let mut cache = Cache::new(64, 10_000);
        frame(&mut cache, 1, &[(1, 98), (2, 99)]);
        frame(
            &mut cache,
            2,
            &[(3, 100), (4, 102), (5, 101), (6, 0), (7, 1)],
        );
        assert_eq!(
            padding(&cache, [1, 2, 3, 4, 5, 6, 7]),
            [1, 0, 0, 0, 0, 0, 0]
        );
        // Padded by one, not by two.
        frame(&mut cache, 3, &[(8, 50), (9, 51), (10, 52)]);
        assert_eq!(padding(&cache, [8, 9, 10]), [1, 1, 0]);
    }

    #[test]
    fn what_may_have_been_sent_keeps_its_form() {
        let mut cache = Cache::new(64, 10_000);
        frame(&mut cache, 1, &[(1, 99)]);
        cache.end_pass();
        frame(&mut cache, 1, &[(2, 100)]);
        assert_eq!(padding(&cache, [1]), [0], "it left in the pass before");

        frame(&mut cache, 2, &[(5, 99), (4, 99), (6, 100)]);
        assert_eq!(
            padding(&cache, [4, 5]),
            [0, 0],
            "4 was asked for before it came"
        );
        frame(&mut cache, 2, &[(8, 101), (9, 102)]);
        assert_eq!(padding(&cache, [6, 8]), [0, 1], "7 is missing");
    }

    #[test]
    fn cleared_is_empty() {
        let mut cache = Cache::new(8, 100);
        put(&mut cache, 1000, 10).unwrap();
        cache.clear();
        assert!(cache.get(1000).is_none());
        assert_eq!(put(&mut cache, 3, 10), Ok(()));
    }
}
