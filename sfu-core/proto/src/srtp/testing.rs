//! What the tests of this folder share, to read the vectors of RFC 3711 and RFC 7714.

use super::keying::MasterKey;
use super::profile::Profile;

pub(super) fn hex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2));
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

pub(super) fn master(profile: Profile) -> MasterKey {
    let key: Vec<u8> = (1..=32).take(profile.key_len()).collect();
    let salt: Vec<u8> = (101..=114).take(profile.salt_len()).collect();
    MasterKey::new(profile, &key, &salt).unwrap()
}

/// A plain packet: fixed header and a payload that tells its sequence.
pub(super) fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0x60];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 9]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(b"payload ");
    packet.extend(sequence.to_be_bytes());
    packet
}

/// A plain receiver report without blocks, and a word more.
pub(super) fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x80, 203, 0, 0]);
    packet
}
