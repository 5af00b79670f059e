//! AES counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1): the profile that everybody has.
//!
//! The IV, 16 bytes; an SRTCP index of 31 bits stands where the 48 bits are. Its last two bytes
//! count the blocks of one packet:
//!
//! ```text
//! byte    0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
//!       | 0   0   0   0 |     SSRC      | packet index, 48 bits | 0   0 |
//! XOR   |             session salt, 112 bits                    | 0   0 |
//! ```
//!
//! What is encrypted (░) and what the tag covers (─):
//!
//! ```text
//! SRTP    | header, CSRCs, extensions |░░ payload ░░| tag, 10 |
//!         ├───────────────────────────┴─────────────┤ and then the rollover counter   §4.2
//! SRTCP   | first 8 bytes |░░ the rest ░░| E, index | tag, 10 |
//!         ├───────────────┴──────────────┴──────────┤                                 §3.4
//! ```

use aes::Aes128;
use ctr::CtrCore;
use ctr::cipher::{InnerIvInit as _, KeyInit as _, StreamCipherCore as _};
use ctr::flavors::Ctr128BE;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::cipher::RTCP_CLEAR_BYTES;
use super::key_derivation::SessionKeys;
use super::profile::{SHA1_80_TAG_BYTES, SRTCP_WORD_BYTES};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

pub(super) struct AesCm {
    /// With its key schedule.
    key: Aes128,
    /// With inner and outer key block already hashed; each packet works on a copy.
    authentication: Hmac<Sha1>,
    /// As the 128-bit number that it is in the drawing above.
    salt: u128,
}

impl AesCm {
    pub(super) fn new(keys: &SessionKeys) -> Self {
        let mut salt = [0; 16];
        salt[..keys.salt.len()].copy_from_slice(&keys.salt);
        Self {
            key: Aes128::new(&keys.key_128().into()),
            // RFC 2104 §2: HMAC takes a key of any length.
            authentication: <Hmac<Sha1> as Mac>::new_from_slice(&keys.authentication)
                .expect("HMAC takes a key of any length"),
            salt: u128::from_be_bytes(salt),
        }
    }

    pub(super) fn open_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        let (authenticated, tag) = split_tag(packet)?;
        if authenticated.len() < header_len {
            return Err(Dropped::Truncated);
        }
        self.mac_rtp(authenticated, index)
            .verify_truncated_left(tag)
            .map_err(|_| Dropped::SrtpBadTag)?;
        self.apply_keystream(ssrc, index, &mut authenticated[header_len..]);
        Ok(())
    }

    pub(super) fn seal_rtp(
        &self,
        ssrc: Ssrc,
        index: u64,
        header_len: usize,
        slot: &mut [u8],
    ) -> Result<(), Dropped> {
        let (authenticated, tag) = split_tag(slot)?;
        if authenticated.len() < header_len {
            return Err(Dropped::Truncated);
        }
        self.apply_keystream(ssrc, index, &mut authenticated[header_len..]);
        write_tag(self.mac_rtp(authenticated, index), tag);
        Ok(())
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: Ssrc,
        index: u32,
        packet: &mut [u8],
    ) -> Result<(), Dropped> {
        let (authenticated, tag) = split_tag(packet)?;
        self.mac_rtcp(authenticated)
            .verify_truncated_left(tag)
            .map_err(|_| Dropped::SrtpBadTag)?;
        self.apply_keystream(ssrc, index.into(), encrypted_rtcp(authenticated)?);
        Ok(())
    }

    /// The word with E and index is written already.
    pub(super) fn seal_rtcp(&self, ssrc: Ssrc, index: u32, slot: &mut [u8]) -> Result<(), Dropped> {
        let (authenticated, tag) = split_tag(slot)?;
        self.apply_keystream(ssrc, index.into(), encrypted_rtcp(authenticated)?);
        write_tag(self.mac_rtcp(authenticated), tag);
        Ok(())
    }

    fn apply_keystream(&self, ssrc: Ssrc, index: u64, text: &mut [u8]) {
        let iv = self.iv(ssrc, index).to_be_bytes();
        CtrCore::<&Aes128, Ctr128BE>::inner_iv_init(&self.key, &iv.into())
            .apply_keystream_partial(text.into());
    }

    fn iv(&self, ssrc: Ssrc, index: u64) -> u128 {
        self.salt ^ (u128::from(ssrc.0) << 64) ^ (u128::from(index) << 16)
    }

    /// M = authenticated portion || rollover counter (§4.2).
    fn mac_rtp(&self, authenticated: &[u8], index: u64) -> Hmac<Sha1> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an index has 48 bits, the counter is the upper 32"
        )]
        let rollover = (index >> 16) as u32;
        let mut mac = self.authentication.clone();
        mac.update(authenticated);
        mac.update(&rollover.to_be_bytes());
        mac
    }

    fn mac_rtcp(&self, authenticated: &[u8]) -> Hmac<Sha1> {
        let mut mac = self.authentication.clone();
        mac.update(authenticated);
        mac
    }
}

fn split_tag(packet: &mut [u8]) -> Result<(&mut [u8], &mut [u8; SHA1_80_TAG_BYTES]), Dropped> {
    packet.split_last_chunk_mut().ok_or(Dropped::Truncated)
}

/// Between the first eight bytes and the word with E and index.
fn encrypted_rtcp(authenticated: &mut [u8]) -> Result<&mut [u8], Dropped> {
    let end = authenticated
        .len()
        .checked_sub(SRTCP_WORD_BYTES)
        .ok_or(Dropped::Truncated)?;
    authenticated
        .get_mut(RTCP_CLEAR_BYTES..end)
        .ok_or(Dropped::Truncated)
}

fn write_tag(mac: Hmac<Sha1>, tag: &mut [u8; SHA1_80_TAG_BYTES]) {
    tag.copy_from_slice(&mac.finalize().into_bytes()[..SHA1_80_TAG_BYTES]);
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use super::super::testing::{hex, master};
    use super::*;
    use crate::srtp::key_derivation::Kind;

    fn cipher(key: &str, salt: &str) -> AesCm {
        let profile = Profile::Aes128CmSha1_80;
        let mut keys = SessionKeys::derive(profile, &master(profile), Kind::Rtp);
        keys.key[..16].copy_from_slice(&hex(key));
        keys.salt.copy_from_slice(&hex(salt));
        AesCm::new(&keys)
    }

    #[test]
    fn rfc3711_b_2_keystream() {
        let cipher = cipher(
            "2b7e151628aed2a6abf7158809cf4f3c",
            "f0f1f2f3f4f5f6f7f8f9fafbfcfd",
        );
        let mut keystream = vec![0; 16 * 0xff02];
        cipher.apply_keystream(Ssrc(0), 0, &mut keystream);
        let block = |number: usize| keystream[16 * number..16 * (number + 1)].to_vec();
        assert_eq!(block(0), hex("e03ead0935c95e80e166b16dd92b4eb4"));
        assert_eq!(block(1), hex("d23513162b02d0f72a43a2fe4a5f97ab"));
        assert_eq!(block(2), hex("41e95b3bb0a2e8dd477901e4fca894c0"));
        assert_eq!(block(0xfeff), hex("ec8cdf7398607cb0f2d21675ea9ea1e4"));
        assert_eq!(block(0xff00), hex("362b7c3c6773516318a077d7fc5073ae"));
        assert_eq!(block(0xff01), hex("6a2cc3787889374fbeb4c81b17ba6c44"));
    }

    /// Slow and obvious: byte by byte (RFC 3711 §4.1.1).
    fn obvious_iv(salt: &[u8], ssrc: u32, rollover: u32, sequence: u16) -> [u8; 16] {
        let mut iv = [0; 16];
        iv[4..8].copy_from_slice(&ssrc.to_be_bytes());
        iv[8..12].copy_from_slice(&rollover.to_be_bytes());
        iv[12..14].copy_from_slice(&sequence.to_be_bytes());
        for (byte, salt) in iv.iter_mut().zip(salt) {
            *byte ^= salt;
        }
        iv
    }

    #[test]
    fn the_iv_is_the_one_of_rfc3711() {
        let salt = "f0f1f2f3f4f5f6f7f8f9fafbfcfd";
        let cipher = cipher("2b7e151628aed2a6abf7158809cf4f3c", salt);
        for (ssrc, rollover, sequence) in [(0, 0, 0), (1, 2, 3), (u32::MAX, u32::MAX, u16::MAX)] {
            let index = u64::from(rollover) << 16 | u64::from(sequence);
            assert_eq!(
                cipher.iv(Ssrc(ssrc), index).to_be_bytes(),
                obvious_iv(&hex(salt), ssrc, rollover, sequence)
            );
        }
    }

    /// Another HMAC-SHA1, and the rollover counter appended in plain sight (§4.2).
    #[test]
    fn the_tag_is_the_hmac_that_ring_computes() {
        let profile = Profile::Aes128CmSha1_80;
        let keys = SessionKeys::derive(profile, &master(profile), Kind::Rtp);
        let cipher = AesCm::new(&keys);
        let algorithm = ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        let key = ring::hmac::Key::new(algorithm, &keys.authentication);
        for len in 0..200 {
            let message = vec![0x5a; len];
            let mut with_rollover = message.clone();
            with_rollover.extend([0x12, 0x34, 0x56, 0x78]);
            let mut tag = [0; SHA1_80_TAG_BYTES];
            write_tag(cipher.mac_rtp(&message, 0x1234_5678_9abc), &mut tag);
            let expected = ring::hmac::sign(&key, &with_rollover);
            assert_eq!(tag[..], expected.as_ref()[..SHA1_80_TAG_BYTES]);
        }
    }
}
