//! H.264 over RTP (RFC 6184): where a decoder can begin, without decoding.
//!
//! ```text
//! |F|NRI|  type   |                              single NAL unit (§5.6)
//! |F|NRI| 24      | size | NAL unit | size | …   STAP-A (§5.7.1)
//! |F|NRI| 28      |S|E|R|  type   | fragment     FU-A (§5.8)
//! ```
//!
//! The start is the packet with the sequence parameter set, not the IDR slice. Chromium sends
//! SPS and PPS before every IDR (as one STAP-A, the slice behind it in FU-As), and a viewer whose slot
//! has just been switched holds the parameter sets of another source: an IDR alone would be decoded
//! with the wrong ones.

const TYPE_MASK: u8 = 0x1f;
const SEQUENCE_PARAMETER_SET: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// FU header: the first fragment of its NAL unit.
const FRAGMENT_START: u8 = 0x80;

/// Whether this packet holds a sequence parameter set, or the first part of one.
pub fn starts_key_frame(payload: &[u8]) -> bool {
    let Some((&first, rest)) = payload.split_first() else {
        return false;
    };
    match first & TYPE_MASK {
        // A set of no bytes is none.
        SEQUENCE_PARAMETER_SET => !rest.is_empty(),
        STAP_A => aggregate_holds_parameter_set(rest),
        FU_A => rest.first().is_some_and(|header| {
            header & FRAGMENT_START != 0 && header & TYPE_MASK == SEQUENCE_PARAMETER_SET
        }),
        _ => false,
    }
}

/// A size that lies ends the walk; every step takes at least the two bytes of a size.
fn aggregate_holds_parameter_set(mut rest: &[u8]) -> bool {
    while let Some((size, units)) = rest.split_first_chunk() {
        let size = usize::from(u16::from_be_bytes(*size));
        let Some((unit, behind)) = units.split_at_checked(size) else {
            return false;
        };
        if unit.first().map(|first| first & TYPE_MASK) == Some(SEQUENCE_PARAMETER_SET) {
            return true;
        }
        rest = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    use super::*;

    const SPS: [u8; 4] = [0x67, 0x42, 0xe0, 0x1f];
    const PPS: [u8; 4] = [0x68, 0xce, 0x3c, 0x80];

    fn stap_a(units: &[&[u8]]) -> Vec<u8> {
        let mut payload = vec![0x78];
        for unit in units {
            payload.extend(u16::try_from(unit.len()).unwrap().to_be_bytes());
            payload.extend(*unit);
        }
        payload
    }

    #[test]
    fn a_chromium_key_frame_starts_at_its_parameter_sets() {
        assert!(starts_key_frame(&stap_a(&[&SPS, &PPS])));
        assert!(starts_key_frame(&stap_a(&[&SPS, &PPS, &[0x65, 0x88]])));
        assert!(
            !starts_key_frame(&[0x7c, 0x85, 0x88]),
            "the IDR slice behind"
        );
    }

    #[test]
    fn a_parameter_set_counts_in_each_packetization() {
        assert!(starts_key_frame(&SPS));
        assert!(
            starts_key_frame(&stap_a(&[&[0x09, 0xf0], &SPS])),
            "behind an access unit delimiter"
        );
        assert!(starts_key_frame(&[0x7c, 0x87, 0x42]), "FU-A, first part");
        assert!(!starts_key_frame(&[0x7c, 0x07, 0x42]), "FU-A, later part");
    }

    #[test]
    fn everything_else_is_no_start() {
        assert!(!starts_key_frame(&[0x65, 0x88]), "a bare IDR");
        assert!(!starts_key_frame(&[0x41, 0x9a]), "a delta slice");
        assert!(!starts_key_frame(&PPS));
        assert!(!starts_key_frame(&stap_a(&[&PPS, &[0x41]])));
    }

    #[test]
    fn every_truncation_is_no_start() {
        assert!(!starts_key_frame(&[]));
        assert!(!starts_key_frame(&[0x67]));
        assert!(!starts_key_frame(&[0x7c]));
        let payload = stap_a(&[&PPS, &SPS]);
        for len in 0..payload.len() {
            assert!(!starts_key_frame(&payload[..len]), "{len} bytes");
        }
    }

    #[test]
    fn any_bytes_end() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20_000 {
            let mut payload = vec![0; random.next_u32() as usize % 40];
            random.fill_bytes(&mut payload);
            if let Some(first) = payload.first_mut() {
                *first = STAP_A;
            }
            starts_key_frame(&payload);
        }
    }
}
