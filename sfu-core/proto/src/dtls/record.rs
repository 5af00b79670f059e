//! DTLS records as they stand in a datagram (RFC 6347 §4.1).
//!
//! ```text
//!  0      1      2      3      4      5                 11     13
//! | type | version     | epoch       | sequence number | length | fragment ...
//! ```

/// Bytes before a record's fragment.
pub const HEADER_BYTES: usize = 13;

/// The version field that we write: DTLS 1.2.
pub const VERSION_1_2: [u8; 2] = [0xfe, 0xfd];

/// What a record carries (RFC 5246 §6.2.1). Others are skipped by [`Records`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

impl ContentType {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }
}

/// One record. The fragment is plaintext in epoch 0 and sealed above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub content_type: ContentType,
    pub epoch: u16,
    /// 48 bits.
    pub sequence: u64,
    pub fragment: &'a [u8],
    /// Header and fragment.
    pub bytes: &'a [u8],
}

/// Walks the records of a datagram. It ends at the first that does not fit; what stands before it
/// is given out (RFC 6347 §4.1.2.7: invalid records are discarded, the association goes on).
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let header = self.rest.first_chunk::<HEADER_BYTES>()?;
            let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
            let (bytes, rest) = self.rest.split_at_checked(HEADER_BYTES + length)?;
            self.rest = rest;
            // DTLS 1.0 (fe ff) is the version of a first ClientHello's record, whatever it offers.
            if header[1] != 0xfe {
                continue;
            }
            let Some(content_type) = ContentType::from_byte(header[0]) else {
                continue;
            };
            return Some(Record {
                content_type,
                epoch: u16::from_be_bytes([header[3], header[4]]),
                sequence: u64::from_be_bytes([
                    0, 0, header[5], header[6], header[7], header[8], header[9], header[10],
                ]),
                fragment: &bytes[HEADER_BYTES..],
                bytes,
            });
        }
    }
}

/// A plaintext record of DTLS 1.2, epoch 0. `None` if the fragment is longer than a record may be
/// (2^14 bytes, RFC 5246 §6.2.1).
pub fn plaintext(content_type: ContentType, sequence: u64, fragment: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(fragment.len())
        .ok()
        .filter(|l| *l <= 1 << 14)?;
    let mut record = Vec::with_capacity(HEADER_BYTES + fragment.len());
    record.push(content_type as u8);
    record.extend(VERSION_1_2);
    record.extend([0, 0]);
    record.extend(&sequence.to_be_bytes()[2..]);
    record.extend(length.to_be_bytes());
    record.extend(fragment);
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [u8; 30] = [
        22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 1, 2, 0, 3, b'a', b'b', b'c', // a handshake record
        20, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 1, 1, // ChangeCipherSpec
    ];

    #[test]
    fn every_field_stands_where_the_rfc_says() {
        let records: Vec<_> = Records::new(&TWO).collect();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].content_type, ContentType::Handshake);
        assert_eq!((records[0].epoch, records[0].sequence), (0, 0x102));
        assert_eq!(records[0].fragment, b"abc");
        assert_eq!(records[0].bytes, &TWO[..16]);
        assert_eq!(records[1].content_type, ContentType::ChangeCipherSpec);
        assert_eq!((records[1].epoch, records[1].sequence), (1, 9));
    }

    #[test]
    fn a_truncated_record_ends_the_walk() {
        for len in 0..TWO.len() {
            let expected = usize::from(len >= 16);
            assert_eq!(Records::new(&TWO[..len]).count(), expected, "{len} bytes");
        }
    }

    #[test]
    fn other_versions_and_types_are_skipped() {
        for (at, value) in [(0, 24), (0, 0), (1, 3)] {
            let mut bytes = TWO;
            bytes[at] = value;
            assert_eq!(Records::new(&bytes).count(), 1);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = plaintext(ContentType::Alert, 0x1234_5678_9abc, &[2, 40]).unwrap();
        let record = Records::new(&bytes).next().unwrap();
        assert_eq!(record.sequence, 0x1234_5678_9abc);
        assert_eq!(record.fragment, [2, 40]);
        assert_eq!(plaintext(ContentType::Alert, 0, &[0; (1 << 14) + 1]), None);
    }
}
