//! The RTP header of one source (RFC 3550 §5.1, one-byte extensions of RFC 8285 §4.2): written once,
//! and for each packet only what changes in it.
//!
//! ```text
//!  V=2 X | M PT | sequence | timestamp | SSRC
//!  BE DE | words | mid | rid | audio level | transport-wide number | zeros to a whole word
//! ```

use anyhow::ensure;

use crate::endpoint::Source;

const FIXED_BYTES: usize = 12;
/// RFC 6464: voice, at −20 dBov. Everybody who sends audio speaks.
const AUDIO_LEVEL: u8 = 0x80 | 20;

/// What changes from packet to packet.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    /// Counts all packets of the transport.
    pub transport_sequence: u16,
}

#[derive(Clone, Debug)]
pub struct Header {
    bytes: Vec<u8>,
    transport_sequence_at: Option<usize>,
}

impl Header {
    pub fn new(source: &Source) -> anyhow::Result<Self> {
        let mut bytes = vec![0; FIXED_BYTES];
        bytes[0] = 0x80;
        bytes[1] = source.payload_type & 0x7f;
        bytes[8..].copy_from_slice(&source.ssrc.to_be_bytes());
        let mut elements = Vec::new();
        for (id, text) in [&source.mid, &source.rid].into_iter().flatten() {
            element(&mut elements, *id, text.as_bytes())?;
        }
        if let Some(id) = source.audio_level {
            element(&mut elements, id, &[AUDIO_LEVEL])?;
        }
        let mut transport_sequence_at = None;
        if let Some(id) = source.transport_cc {
            element(&mut elements, id, &[0, 0])?;
            transport_sequence_at = Some(FIXED_BYTES + 4 + elements.len() - 2);
        }
        if !elements.is_empty() {
            elements.resize(elements.len().next_multiple_of(4), 0);
            bytes[0] |= 0x10;
            bytes.extend([0xbe, 0xde]);
            bytes.extend(u16::try_from(elements.len() / 4)?.to_be_bytes());
            bytes.extend(elements);
        }
        Ok(Self {
            bytes,
            transport_sequence_at,
        })
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Fills the first `len` bytes of `packet`, which is longer.
    pub fn write(&self, numbers: Numbers, packet: &mut [u8]) {
        let header = &mut packet[..self.bytes.len()];
        header.copy_from_slice(&self.bytes);
        header[1] |= u8::from(numbers.marker) << 7;
        header[2..4].copy_from_slice(&numbers.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&numbers.timestamp.to_be_bytes());
        if let Some(at) = self.transport_sequence_at {
            header[at..at + 2].copy_from_slice(&numbers.transport_sequence.to_be_bytes());
        }
    }
}

fn element(elements: &mut Vec<u8>, id: u8, value: &[u8]) -> anyhow::Result<()> {
    ensure!(
        (1..=14).contains(&id) && (1..=16).contains(&value.len()),
        "extension {id} with {} bytes does not fit the one-byte form of RFC 8285",
        value.len()
    );
    #[expect(clippy::cast_possible_truncation, reason = "at most 15")]
    elements.push(id << 4 | (value.len() - 1) as u8);
    elements.extend(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sfu_proto::control::ExtensionIds;
    use sfu_proto::rtp;

    use super::*;
    use crate::endpoint::MediaKind;

    fn source() -> Source {
        Source {
            kind: MediaKind::Video,
            ssrc: 0xdead_beef,
            payload_type: 96,
            mid: Some((4, "1".to_owned())),
            rid: Some((10, "f".to_owned())),
            audio_level: Some(1),
            transport_cc: Some(3),
        }
    }

    const NUMBERS: Numbers = Numbers {
        marker: true,
        sequence: 0x1234,
        timestamp: 90_000,
        transport_sequence: 77,
    };

    #[test]
    fn the_server_reads_what_is_meant() {
        let header = Header::new(&source()).unwrap();
        let mut packet = vec![0xff; header.len() + 5];
        header.write(NUMBERS, &mut packet);
        let read = rtp::Header::parse(&packet).unwrap();
        assert!(read.marker && read.payload_type == 96 && read.ssrc.0 == 0xdead_beef);
        assert_eq!((read.sequence, read.timestamp), (0x1234, 90_000));
        assert_eq!(read.len, header.len());
        let ids = ExtensionIds {
            mid: Some(4),
            rid: Some(10),
            audio_level: Some(1),
            transport_cc: Some(3),
            ..ExtensionIds::default()
        };
        let extensions = rtp::Extensions::read(&read, &packet, &ids);
        assert_eq!(extensions.mid.unwrap().as_bytes(), b"1");
        assert_eq!(extensions.rid.unwrap().as_bytes(), b"f");
        assert_eq!(extensions.transport_cc, Some(77));
        assert!(extensions.audio_level.is_some());
    }

    #[test]
    fn without_extensions_it_has_no_block() {
        let plain = Source {
            mid: None,
            rid: None,
            audio_level: None,
            transport_cc: None,
            ..source()
        };
        assert_eq!(Header::new(&plain).unwrap().len(), FIXED_BYTES);
    }

    #[test]
    fn what_does_not_fit_one_byte_is_refused() {
        for mid in [(0, "1"), (15, "1"), (4, ""), (4, "seventeen letters")] {
            let odd = Source {
                mid: Some((mid.0, mid.1.to_owned())),
                ..source()
            };
            assert!(Header::new(&odd).is_err(), "{mid:?}");
        }
    }
}
