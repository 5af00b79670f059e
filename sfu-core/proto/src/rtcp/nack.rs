//! Generic NACK (RFC 4585 §6.2.1): which packets of a source have not come.
//!
//! ```text
//! | sender | media | PID, 2 bytes: a sequence | BLP, 2 bytes: bit i is PID + 1 + i | …
//! ```

use super::header::{self, FEEDBACK_BYTES, TRANSPORT_LAYER};
use super::{Full, Writer};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

const ENTRY_BYTES: usize = 4;
/// Sequences behind the PID that one entry can name.
const BITMASK_REACH: u16 = 16;

#[derive(Clone, Copy, Debug)]
pub struct Nack<'a> {
    pub sender: Ssrc,
    pub media: Ssrc,
    entries: &'a [[u8; ENTRY_BYTES]],
}

impl<'a> Nack<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Dropped> {
        let (sender, media, rest) = header::feedback(body)?;
        match rest.as_chunks() {
            (entries @ [_, ..], []) => Ok(Self {
                sender,
                media,
                entries,
            }),
            _ => Err(Dropped::Truncated),
        }
    }

    /// The sequences asked for, at most 17 for each four bytes. Budgets are the caller's.
    pub fn sequences(&self) -> impl Iterator<Item = u16> + 'a {
        self.entries.iter().flat_map(|&[a, b, c, d]| {
            let (pid, blp) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let behind = (0..BITMASK_REACH)
                .filter(move |bit| blp >> bit & 1 != 0)
                .map(move |bit| pid.wrapping_add(1 + bit));
            core::iter::once(pid).chain(behind)
        })
    }
}

impl Writer<'_> {
    /// Writes one packet with as many of `sequences` as fit and says how many that were; the rest is
    /// for the next datagram. Sequences should rise, or they are packed badly.
    pub fn nack(
        &mut self,
        sender: Ssrc,
        media: Ssrc,
        sequences: impl IntoIterator<Item = u16>,
    ) -> Result<usize, Full> {
        let room = self.body_room().get_mut(FEEDBACK_BYTES..).ok_or(Full)?;
        let (entries_used, taken) = pack(sequences, room.as_chunks_mut().0);
        if taken == 0 {
            return Err(Full);
        }
        let body_len = FEEDBACK_BYTES + ENTRY_BYTES * entries_used;
        let body = self.packet(TRANSPORT_LAYER, header::NACK.into(), body_len)?;
        header::write_feedback(body, sender, media);
        Ok(taken)
    }
}

/// Fills entries; says how many, and how many sequences they hold.
fn pack(
    sequences: impl IntoIterator<Item = u16>,
    entries: &mut [[u8; ENTRY_BYTES]],
) -> (usize, usize) {
    let (mut used, mut taken) = (0, 0);
    let (mut pid, mut blp) = (0_u16, 0_u16);
    for sequence in sequences {
        let distance = sequence.wrapping_sub(pid);
        if used == 0 || distance > BITMASK_REACH {
            if used == entries.len() {
                break;
            }
            (pid, blp) = (sequence, 0);
            used += 1;
        } else if distance > 0 {
            blp |= 1 << (distance - 1);
        }
        taken += 1;
        let ([a, b], [c, d]) = (pid.to_be_bytes(), blp.to_be_bytes());
        entries[used - 1] = [a, b, c, d];
    }
    (used, taken)
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, packets};
    use super::*;

    fn round_trip(room: usize, sequences: &[u16]) -> (Result<usize, Full>, Vec<u16>) {
        let mut out = vec![0; room];
        let mut writer = Writer::new(&mut out);
        let taken = writer.nack(Ssrc(1), Ssrc(2), sequences.iter().copied());
        let read = packets(writer.as_bytes())
            .flat_map(|packet| match packet {
                Ok(Packet::Nack(nack)) => {
                    assert_eq!((nack.sender, nack.media), (Ssrc(1), Ssrc(2)));
                    nack.sequences().collect::<Vec<_>>()
                }
                other => panic!("no NACK: {other:?}"),
            })
            .collect();
        (taken, read)
    }

    #[test]
    fn rfc_4585_section_6_2_1_bit_i_is_pid_plus_i_plus_one() {
        let mut out = [0; 16];
        let mut writer = Writer::new(&mut out);
        assert_eq!(writer.nack(Ssrc(1), Ssrc(2), [0x100, 0x101, 0x110]), Ok(3));
        assert_eq!(
            writer.as_bytes(),
            [
                0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x00, 0x80, 0x01
            ]
        );
    }

    #[test]
    fn sequences_come_back_across_the_wrap() {
        let sequences = [0xfff0, 0xfffe, 0xffff, 0, 1, 0x10, 0x11, 0x12, 0x7000];
        assert_eq!(round_trip(64, &sequences), (Ok(9), sequences.to_vec()));
    }

    #[test]
    fn the_rest_waits_for_the_next_datagram() {
        let sequences = [1, 2, 100, 101, 200];
        assert_eq!(round_trip(20, &sequences), (Ok(4), vec![1, 2, 100, 101]));
        assert_eq!(round_trip(12, &sequences), (Err(Full), vec![]));
        assert_eq!(round_trip(5, &sequences), (Err(Full), vec![]));
    }

    #[test]
    fn the_same_twice_is_asked_once() {
        assert_eq!(round_trip(64, &[7, 7, 8, 8]), (Ok(4), vec![7, 8]));
    }

    #[test]
    fn unsorted_is_packed_badly_and_stays_right() {
        assert_eq!(round_trip(64, &[9, 3, 7]), (Ok(3), vec![9, 3, 7]));
    }
}
