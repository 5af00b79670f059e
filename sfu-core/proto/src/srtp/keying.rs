//! Keys as the DTLS handshake hands them over (RFC 5764 §4.2). They are wiped when dropped and
//! never printed.

use core::fmt;

use zeroize::Zeroize as _;

use super::profile::Profile;

pub(super) const KEY_BYTES_MAX: usize = 32;
pub(super) const SALT_BYTES_MAX: usize = 14;

/// The master key and master salt of one direction (RFC 3711 §3.2.1). Shorter ones end in zeros:
/// RFC 7714 §11 pads the 96-bit salt in this very way.
#[derive(Clone)]
pub struct MasterKey {
    pub(super) key: [u8; KEY_BYTES_MAX],
    pub(super) salt: [u8; SALT_BYTES_MAX],
}

impl MasterKey {
    /// `None` unless both have the length that the profile asks for.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Option<Self> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return None;
        }
        let mut padded = Self {
            key: [0; KEY_BYTES_MAX],
            salt: [0; SALT_BYTES_MAX],
        };
        // `profile` asks for no more than the maxima.
        padded.key[..key.len()].copy_from_slice(key);
        padded.salt[..salt.len()].copy_from_slice(salt);
        Some(padded)
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.key.zeroize();
        self.salt.zeroize();
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").finish_non_exhaustive()
    }
}

/// What one handshake yields. We are the DTLS server (DESIGN D6): `client` opens what comes in,
/// `server` seals what goes out.
#[derive(Clone, Debug)]
pub struct KeyingMaterial {
    pub profile: Profile,
    pub client: MasterKey,
    pub server: MasterKey,
}

impl KeyingMaterial {
    /// Cuts the exporter's output, `EXTRACTOR-dtls_srtp`, into its four parts; `None` if its
    /// length is not `profile.keying_len()`.
    ///
    /// ```text
    /// | client key | server key | client salt | server salt |
    /// ```
    pub fn from_exporter(profile: Profile, exported: &[u8]) -> Option<Self> {
        let (client_key, rest) = exported.split_at_checked(profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
        let (client_salt, server_salt) = rest.split_at_checked(profile.salt_len())?;
        Some(Self {
            profile,
            client: MasterKey::new(profile, client_key, client_salt)?,
            server: MasterKey::new(profile, server_key, server_salt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exporter_is_cut_as_rfc5764_4_2_says() {
        for profile in Profile::PREFERENCE {
            let (key, salt) = (profile.key_len(), profile.salt_len());
            let mut exported = vec![1; key];
            exported.extend(vec![2; key]);
            exported.extend(vec![3; salt]);
            exported.extend(vec![4; salt]);
            let material = KeyingMaterial::from_exporter(profile, &exported).unwrap();
            assert_eq!(material.client.key[..key], vec![1; key]);
            assert_eq!(material.server.key[..key], vec![2; key]);
            assert_eq!(material.client.salt[..salt], vec![3; salt]);
            assert_eq!(material.server.salt[..salt], vec![4; salt]);
            assert!(material.server.key[key..].iter().all(|&byte| byte == 0));
            assert!(material.server.salt[salt..].iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn any_other_length_is_refused() {
        for profile in Profile::PREFERENCE {
            for len in 0..2 * profile.keying_len() {
                let material = KeyingMaterial::from_exporter(profile, &vec![7; len]);
                assert_eq!(material.is_some(), len == profile.keying_len());
            }
        }
    }

    #[test]
    fn keys_are_not_printed() {
        let profile = Profile::AeadAes128Gcm;
        let material = KeyingMaterial::from_exporter(profile, &[0xab; 56]).unwrap();
        let printed = format!("{material:?}");
        assert!(
            !printed.contains("171") && !printed.contains("ab"),
            "{printed}"
        );
    }
}
