//! The SRTP protection profile of a session (RFC 5764 §4.1.2, RFC 7714 §14.2): ours is the choice,
//! since the core is always the DTLS server (DESIGN D6).

pub const AES128_CM_HMAC_SHA1_80: u16 = 0x0001;
pub const AEAD_AES_128_GCM: u16 = 0x0007;
pub const AEAD_AES_256_GCM: u16 = 0x0008;

/// Best first: in place through `ring`, AES-128-GCM is the cheapest by far.
pub const PREFERENCE: [u16; 3] = [AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES128_CM_HMAC_SHA1_80];

/// The best profile that the client offers, whatever its own order.
pub fn choose_srtp_profile(offered: impl Iterator<Item = u16>) -> Option<u16> {
    offered
        .filter_map(|profile| PREFERENCE.iter().position(|ours| *ours == profile))
        .min()
        .map(|best| PREFERENCE[best])
}

/// Bytes of keying material that a profile draws from the exporter: two keys and two salts
/// (RFC 5764 §4.2).
pub const fn keying_bytes(profile: u16) -> Option<usize> {
    match profile {
        AES128_CM_HMAC_SHA1_80 => Some(2 * (16 + 14)),
        AEAD_AES_128_GCM => Some(2 * (16 + 12)),
        AEAD_AES_256_GCM => Some(2 * (32 + 12)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_order_wins_over_theirs() {
        // Chromium 156 and Firefox 153, in their own orders.
        assert_eq!(choose_srtp_profile([1, 8, 7].into_iter()), Some(7));
        assert_eq!(choose_srtp_profile([7, 8, 1, 2].into_iter()), Some(7));
        assert_eq!(choose_srtp_profile([1, 8].into_iter()), Some(8));
        assert_eq!(choose_srtp_profile([2, 1].into_iter()), Some(1));
        assert_eq!(choose_srtp_profile([2, 5, 6].into_iter()), None);
        assert_eq!(choose_srtp_profile([].into_iter()), None);
    }

    #[test]
    fn every_profile_we_choose_has_keys() {
        assert!(PREFERENCE.iter().all(|p| keying_bytes(*p).is_some()));
        assert_eq!(keying_bytes(2), None);
    }
}
