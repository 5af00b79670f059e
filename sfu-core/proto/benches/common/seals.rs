//! What `unprotect` and `protect` share: which ciphers, which lengths, and a sender whose packets
//! are all different.

use sfu_proto::srtp::{CryptoBackend, Inbound, MasterKey, Outbound, Profile};

/// A voice, a camera.
pub(crate) const PAYLOADS: [usize; 2] = [100, 1_100];

/// Packets of one iteration: what a busy pass brings of one source.
pub(crate) const BURST: usize = 64;

/// Fixed header, and a block of two words as a browser sends it.
pub(crate) const HEADER_BYTES: usize = 24;

const PAYLOAD_BYTE: u8 = 0x5a;

#[derive(Clone, Copy)]
pub(crate) struct Seal {
    pub(crate) name: &'static str,
    profile: Profile,
    crypto: CryptoBackend,
}

pub(crate) const SEALS: [Seal; 3] = [
    Seal {
        name: "aead_aes_128_gcm/ring",
        profile: Profile::AeadAes128Gcm,
        crypto: CryptoBackend::Ring,
    },
    Seal {
        name: "aead_aes_128_gcm/aws-lc-rs",
        profile: Profile::AeadAes128Gcm,
        crypto: CryptoBackend::AwsLc,
    },
    // No library of choice here: AES and HMAC-SHA1 are of one kind.
    Seal {
        name: "aes128_cm_hmac_sha1_80",
        profile: Profile::Aes128CmSha1_80,
        crypto: CryptoBackend::Ring,
    },
];

impl Seal {
    /// Two ends of one key.
    pub(crate) fn ends(self, payload: usize) -> (Sender, Inbound) {
        let Self {
            profile, crypto, ..
        } = self;
        let (key, salt) = (vec![3; profile.key_len()], vec![5; profile.salt_len()]);
        let master = MasterKey::new(profile, &key, &salt).expect("as long as the profile asks for");
        let outbound = Outbound::over(crypto, profile, &master);
        let sender = Sender {
            len: outbound.rtp_len(HEADER_BYTES + payload),
            outbound,
            payload: vec![PAYLOAD_BYTE; payload],
            index: 0,
        };
        (sender, Inbound::over(crypto, profile, &master))
    }
}

pub(crate) struct Sender {
    outbound: Outbound,
    pub(crate) payload: Vec<u8>,
    /// Of a sealed packet.
    pub(crate) len: usize,
    /// It only rises: no packet is like another, and none a replay.
    pub(crate) index: u64,
}

impl Sender {
    /// Header, payload and tag of the next packet, `len` bytes.
    pub(crate) fn protect(&mut self, slot: &mut [u8]) {
        let [.., high, low] = self.index.to_be_bytes();
        #[rustfmt::skip]
        let header: [u8; HEADER_BYTES] = [
            0x90, 96, high, low,
            0, 0, 0, 9,
            0, 0, 0, 7,
            0xbe, 0xde, 0, 2,
            0x40, b'0', 0x31, high,
            low, 0, 0, 0,
        ];
        slot[..HEADER_BYTES].copy_from_slice(&header);
        slot[HEADER_BYTES..][..self.payload.len()].copy_from_slice(&self.payload);
        self.outbound
            .protect_rtp(HEADER_BYTES, self.index, slot)
            .expect("few packets have been sealed under this key");
        self.index += 1;
    }
}
