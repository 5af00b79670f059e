//! The loudness that a client measures itself and sends with every audio packet (RFC 6464), so that
//! the loudest speaker is found without decoding.
//!
//! ```text
//! |V|    level    |   one byte
//! ```

/// Lower is louder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// The client's own voice detection.
    pub voice: bool,
    /// −dBov: 0 is the loudest there is, 127 is silence (RFC 6464 §3).
    pub level: u8,
}

impl AudioLevel {
    pub const fn from_byte(byte: u8) -> Self {
        Self {
            voice: byte & 0x80 != 0,
            level: byte & 0x7f,
        }
    }

    pub const fn to_byte(self) -> u8 {
        (self.voice as u8) << 7 | self.level & 0x7f
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_bit_is_voice_and_the_rest_is_quiet() {
        let loud_voice = AudioLevel {
            voice: true,
            level: 0,
        };
        let silence = AudioLevel {
            voice: false,
            level: 127,
        };
        assert_eq!(AudioLevel::from_byte(0x80), loud_voice);
        assert_eq!(AudioLevel::from_byte(0x7f), silence);
    }

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=u8::MAX {
            assert_eq!(AudioLevel::from_byte(byte).to_byte(), byte);
        }
    }
}
