//! Status chunks (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.2–§3.1.4, a kind of
//! RFC 4585 feedback): one symbol a packet. A symbol's value is also the number of bytes of its delta.
//!
//! ```text
//! |0| symbol, 2 bits |      run length, 13 bits       |
//! |1|0|         14 symbols of 1 bit                   |
//! |1|1|          7 symbols of 2 bits                  |
//! ```

pub(super) const NOT_RECEIVED: u8 = 0;
pub(super) const SMALL_DELTA: u8 = 1;
pub(super) const LARGE_DELTA: u8 = 2;

const RUN_LEN_MAX: usize = 0x1fff;
const ONE_BIT_LEN: usize = 14;
const TWO_BIT_LEN: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Run { symbol: u8, len: u16 },
    OneBit(u16),
    TwoBit(u16),
}

impl Chunk {
    pub(super) fn read(bytes: [u8; 2]) -> Self {
        let word = u16::from_be_bytes(bytes);
        match bytes[0] >> 6 {
            0b11 => Self::TwoBit(word & 0x3fff),
            0b10 => Self::OneBit(word & 0x3fff),
            _ => Self::Run {
                symbol: bytes[0] >> 5 & 3,
                len: word & 0x1fff,
            },
        }
    }

    /// How many symbols it holds; the last chunk may hold more than there are packets.
    pub(super) const fn len(self) -> u16 {
        match self {
            Self::Run { len, .. } => len,
            Self::OneBit(_) => 14,
            Self::TwoBit(_) => 7,
        }
    }

    /// The symbol at `index`, which is below [`Self::len`].
    pub(super) const fn symbol(self, index: u16) -> u8 {
        match self {
            Self::Run { symbol, .. } => symbol,
            Self::OneBit(bits) => (bits >> (13 - index) & 1) as u8,
            Self::TwoBit(bits) => (bits >> (12 - 2 * index) & 3) as u8,
        }
    }
}

/// The chunk that covers most of the coming `symbols`, and how many those are: never fewer than seven
/// unless fewer are left. `symbols` is not empty.
pub(super) fn encode(symbols: &[u8]) -> ([u8; 2], usize) {
    let run_len = symbols
        .iter()
        .take(RUN_LEN_MAX)
        .take_while(|&&symbol| symbol == symbols[0])
        .count();
    let window = &symbols[..symbols.len().min(ONE_BIT_LEN)];
    let (vector, width, capacity) = if window.contains(&LARGE_DELTA) {
        (0xc000, 2, TWO_BIT_LEN)
    } else {
        (0x8000, 1, ONE_BIT_LEN)
    };
    let vector_len = window.len().min(capacity);
    let (word, len) = if run_len >= vector_len {
        #[expect(clippy::cast_possible_truncation, reason = "at most 13 bits")]
        let run = u16::from(symbols[0]) << 13 | run_len as u16;
        (run, run_len)
    } else {
        let bits = window[..vector_len]
            .iter()
            .fold(0, |bits, &symbol| bits << width | u16::from(symbol));
        (
            vector | bits << (width * (capacity - vector_len)),
            vector_len,
        )
    };
    (word.to_be_bytes(), len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_1_3_run_length_examples() {
        // 221 packets not received; 24 packets with small deltas: the draft's two examples.
        let lost = Chunk::Run {
            symbol: NOT_RECEIVED,
            len: 221,
        };
        let received = Chunk::Run {
            symbol: SMALL_DELTA,
            len: 24,
        };
        assert_eq!(Chunk::read([0x00, 0xdd]), lost);
        assert_eq!(Chunk::read([0x20, 0x18]), received);
        assert_eq!(encode(&[NOT_RECEIVED; 221]), ([0x00, 0xdd], 221));
        assert_eq!(encode(&[SMALL_DELTA; 24]), ([0x20, 0x18], 24));
    }

    #[test]
    fn section_3_1_4_one_bit_vector_example() {
        // 1 lost, 5 received, 3 lost, 3 received, 2 lost.
        let symbols = [0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0];
        assert_eq!(encode(&symbols), ([0x9f, 0x1c], 14));
        let chunk = Chunk::read([0x9f, 0x1c]);
        let read: Vec<u8> = (0..chunk.len()).map(|index| chunk.symbol(index)).collect();
        assert_eq!(read, symbols);
    }

    #[test]
    fn section_3_1_4_two_bit_vector() {
        let symbols = [0, 2, 1, 1, 1, 0, 0];
        assert_eq!(encode(&symbols), ([0xc9, 0x50], 7));
        let chunk = Chunk::read([0xc9, 0x50]);
        let read: Vec<u8> = (0..chunk.len()).map(|index| chunk.symbol(index)).collect();
        assert_eq!(read, symbols);
    }

    #[test]
    fn a_short_vector_fills_from_the_left() {
        assert_eq!(encode(&[1, 0]), ([0xa0, 0x00], 2));
        assert_eq!(encode(&[1, 2]), ([0xd8, 0x00], 2));
    }

    #[test]
    fn a_run_is_never_longer_than_its_field() {
        assert_eq!(encode(&[1; 9_000]), ([0x3f, 0xff], 0x1fff));
    }
}
