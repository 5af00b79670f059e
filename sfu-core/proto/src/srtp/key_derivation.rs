//! From master to session keys (RFC 3711 §4.3), once a session: the key derivation rate is zero.
//!
//! ```text
//! byte    0                           7                          13  14  15
//! salt  |             master salt, 112 bits                        | 0   0 |
//! XOR   |                         | label |                                |   §4.3.1
//! ```
//!
//! The session key is the AES-CM keystream of the master key from that block on (§4.3.3).
//! AES_256_GCM uses AES-256 here too (RFC 7714 §11, RFC 6188 §3).

use aes::cipher::{KeyIvInit as _, StreamCipher as _};
use aes::{Aes128, Aes256};
use ctr::Ctr128BE;
use zeroize::Zeroize as _;

use super::keying::{KEY_BYTES_MAX, MasterKey, SALT_BYTES_MAX};
use super::profile::Profile;

/// RFC 3711 §8.2: the HMAC-SHA1 key has 160 bits.
pub(super) const AUTHENTICATION_KEY_BYTES: usize = 20;

/// Which of the two sets of labels (RFC 3711 §4.3.1 and §4.3.2).
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Rtp,
    Rtcp,
}

impl Kind {
    /// Encryption, authentication, salt.
    const fn labels(self) -> [u8; 3] {
        match self {
            Self::Rtp => [0, 1, 2],
            Self::Rtcp => [3, 4, 5],
        }
    }
}

/// The keys that touch packets. Shorter ones end in zeros.
pub(super) struct SessionKeys {
    pub(super) key: [u8; KEY_BYTES_MAX],
    pub(super) authentication: [u8; AUTHENTICATION_KEY_BYTES],
    pub(super) salt: [u8; SALT_BYTES_MAX],
}

impl SessionKeys {
    pub(super) fn derive(profile: Profile, master: &MasterKey, kind: Kind) -> Self {
        let [encryption, authentication, salt] = kind.labels();
        let mut keys = Self {
            key: [0; KEY_BYTES_MAX],
            authentication: [0; AUTHENTICATION_KEY_BYTES],
            salt: [0; SALT_BYTES_MAX],
        };
        derive(
            profile,
            master,
            encryption,
            &mut keys.key[..profile.key_len()],
        );
        derive(profile, master, authentication, &mut keys.authentication);
        derive(profile, master, salt, &mut keys.salt[..profile.salt_len()]);
        keys
    }

    /// The key of the two profiles with a 128-bit key.
    pub(super) fn key_128(&self) -> [u8; 16] {
        first_16(&self.key)
    }
}

impl Drop for SessionKeys {
    fn drop(&mut self) {
        self.key.zeroize();
        self.authentication.zeroize();
        self.salt.zeroize();
    }
}

fn derive(profile: Profile, master: &MasterKey, label: u8, out: &mut [u8]) {
    let mut block = [0; 16];
    block[..SALT_BYTES_MAX].copy_from_slice(&master.salt);
    block[7] ^= label;
    out.fill(0);
    match profile {
        Profile::AeadAes128Gcm | Profile::Aes128CmSha1_80 => {
            let key = first_16(&master.key);
            Ctr128BE::<Aes128>::new(&key.into(), &block.into()).apply_keystream(out);
        }
        Profile::AeadAes256Gcm => {
            Ctr128BE::<Aes256>::new(&master.key.into(), &block.into()).apply_keystream(out);
        }
    }
}

fn first_16(key: &[u8; KEY_BYTES_MAX]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&key[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::super::testing::hex;
    use super::*;

    #[test]
    fn rfc3711_b_3() {
        let profile = Profile::Aes128CmSha1_80;
        let master = MasterKey::new(
            profile,
            &hex("e1f97a0d3e018be0d64fa32c06de4139"),
            &hex("0ec675ad498afeebb6960b3aabe6"),
        )
        .unwrap();
        let keys = SessionKeys::derive(profile, &master, Kind::Rtp);
        assert_eq!(keys.key_128()[..], hex("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(keys.salt[..], hex("30cbbc08863d8c85d49db34a9ae1"));

        // The appendix draws 94 bytes of authentication key; HMAC-SHA1 takes the first 20.
        let authentication = hex(
            "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce\
             e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25\
             6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2",
        );
        let mut drawn = [0; 94];
        derive(profile, &master, 1, &mut drawn);
        assert_eq!(drawn[..], authentication);
        assert_eq!(keys.authentication[..], authentication[..20]);
    }

    /// RFC 6188 §7.2, whose salt of 112 bits no profile of ours has: the function is the same.
    #[test]
    fn rfc6188_7_2_aes_256() {
        let mut master = MasterKey::new(Profile::AeadAes256Gcm, &[0; 32], &[0; 12]).unwrap();
        master.key.copy_from_slice(&hex(
            "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
        ));
        master
            .salt
            .copy_from_slice(&hex("3b04803de51ee7c96423ab5b78d2"));
        let draw = |label, len| {
            let mut drawn = vec![0; len];
            derive(Profile::AeadAes256Gcm, &master, label, &mut drawn);
            drawn
        };
        assert_eq!(
            draw(0, 32),
            hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
        );
        assert_eq!(draw(2, 14), hex("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(draw(1, 20), hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }

    #[test]
    fn rtp_and_rtcp_share_no_key() {
        for profile in Profile::PREFERENCE {
            let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
            let master = MasterKey::new(profile, &key, &salt).unwrap();
            let rtp = SessionKeys::derive(profile, &master, Kind::Rtp);
            let rtcp = SessionKeys::derive(profile, &master, Kind::Rtcp);
            assert_ne!(rtp.key, rtcp.key);
            assert_ne!(rtp.salt, rtcp.salt);
            assert_ne!(rtp.authentication, rtcp.authentication);
        }
    }
}
