//! Our ICE credentials (RFC 8445 §5.3). The user name fragment begins with the worker, so that a
//! check names its worker wherever it arrives (DESIGN D3); the rest of it cannot be guessed.

use rand_chacha::rand_core::CryptoRng;

use crate::control::IceCredentials;

/// RFC 8839 §5.4: ALPHA / DIGIT / "+" / "/". 64 of them: one carries six bits.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const WORKER_CHARS: usize = 2;
/// 60 bits. RFC 8445 §5.3 asks for 24; more, since a check that names no session costs us nothing.
const UFRAG_RANDOM_CHARS: usize = 10;
/// 144 bits; RFC 8445 §5.3 asks for 128.
const PASSWORD_CHARS: usize = 24;

/// New credentials for a session of `worker`.
pub fn local(worker: u8, rng: &mut impl CryptoRng) -> IceCredentials {
    let mut ufrag = String::with_capacity(WORKER_CHARS + UFRAG_RANDOM_CHARS);
    ufrag.push(ice_char(worker >> 6));
    ufrag.push(ice_char(worker));
    push_random(&mut ufrag, UFRAG_RANDOM_CHARS, rng);
    let mut password = String::with_capacity(PASSWORD_CHARS);
    push_random(&mut password, PASSWORD_CHARS, rng);
    IceCredentials { ufrag, password }
}

/// The worker that a user name fragment of ours names.
pub fn worker_of(ufrag: &str) -> Option<u8> {
    let [high, low] = ufrag.as_bytes().first_chunk::<WORKER_CHARS>()?;
    let (high, low) = (six_bits(*high)?, six_bits(*low)?);
    (high < 4).then_some(high << 6 | low)
}

fn push_random(out: &mut String, chars: usize, rng: &mut impl CryptoRng) {
    let mut bits = [0; PASSWORD_CHARS];
    rng.fill_bytes(&mut bits);
    out.extend(bits.iter().take(chars).map(|&bits| ice_char(bits)));
}

/// The low six bits as a character.
fn ice_char(bits: u8) -> char {
    char::from(ICE_CHARS[usize::from(bits & 0x3f)])
}

fn six_bits(ice_char: u8) -> Option<u8> {
    let position = ICE_CHARS.iter().position(|&char| char == ice_char)?;
    u8::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn every_worker_is_read_back() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for worker in 0..=u8::MAX {
            assert_eq!(worker_of(&local(worker, &mut rng).ufrag), Some(worker));
        }
    }

    #[test]
    fn what_is_no_worker_is_none() {
        for ufrag in ["", "A", "EA", "//", "A-", "-A", "é"] {
            assert_eq!(worker_of(ufrag), None, "{ufrag:?}");
        }
    }

    #[test]
    fn both_are_long_enough_and_of_ice_chars() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let first = local(3, &mut rng);
        let second = local(3, &mut rng);
        assert_eq!((first.ufrag.len(), first.password.len()), (12, 24));
        assert_ne!(first.ufrag, second.ufrag);
        assert_ne!(first.password, second.password);
        for byte in first.ufrag.bytes().chain(first.password.bytes()) {
            assert!(ICE_CHARS.contains(&byte));
        }
    }
}
