//! Whole packets of RFC 7714 §16 and §17, which give session keys, and libsrtp's own reference
//! packets for AES-CM, which give a master key.

use super::backend::CryptoBackend;
use super::cipher::Cipher;
use super::key_derivation::{Kind, SessionKeys};
use super::keying::MasterKey;
use super::profile::Profile;
use super::testing::{hex, master};
use super::{Inbound, Outbound};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

const RTP_SSRC: Ssrc = Ssrc(0x5501_a0b2);
const RTP_INDEX: u64 = 0xf17b;
const RTP_HEADER_LEN: usize = 12;
const RTP_PLAIN: &str = "8040f17b8041f8d35501a0b2\
    47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
const RTP_128: &str = "8040f17b8041f8d35501a0b2\
    f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
    899d7f27beb16a9152cf765ee4390cce";
const RTP_256: &str = "8040f17b8041f8d35501a0b2\
    32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
    7aa3db36dfffd6b0f9bb7878d7a76c13";

const RTCP_SSRC: Ssrc = Ssrc(0x4d61_7273);
const RTCP_INDEX: u32 = 0x5d4;
const RTCP_PLAIN: &str = "81c8000d4d617273\
    4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
const RTCP_128: &str = "81c8000d4d617273\
    63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b\
    c84aa45896cf4d2fc5abf87245d9eade800005d4";
const RTCP_256: &str = "81c8000d4d617273\
    d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad\
    1d1eb30c4446839f57ff6f6cb26ac3be800005d4";
/// §17.3: authenticated, not encrypted.
const RTCP_128_CLEAR: &str = "81c8000d4d617273\
    4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef\
    841dd9683dd78ec92ae58790125f62b3000005d4";

/// The session key and salt of §16 and §17: bytes that count up, and "Quid pro quo".
fn cipher(crypto: CryptoBackend, profile: Profile) -> Cipher {
    let mut keys = SessionKeys::derive(profile, &master(profile), Kind::Rtp);
    for (byte, count) in keys.key.iter_mut().zip(0..) {
        *byte = count;
    }
    keys.salt[..12].copy_from_slice(b"Quid pro quo");
    Cipher::new(crypto, profile, &keys)
}

fn check_rtp(profile: Profile, sealed: &str) {
    for crypto in CryptoBackend::ALL {
        check_rtp_over(&cipher(crypto, profile), sealed);
    }
}

fn check_rtp_over(cipher: &Cipher, sealed: &str) {
    let (plain, sealed) = (hex(RTP_PLAIN), hex(sealed));
    let mut packet = plain.clone();
    packet.resize(sealed.len(), 0);
    cipher
        .seal_rtp(RTP_SSRC, RTP_INDEX, RTP_HEADER_LEN, &mut packet)
        .unwrap();
    assert_eq!(packet, sealed);
    cipher
        .open_rtp(RTP_SSRC, RTP_INDEX, RTP_HEADER_LEN, &mut packet)
        .unwrap();
    assert_eq!(packet[..plain.len()], plain);
}

fn check_rtcp(profile: Profile, sealed: &str) {
    for crypto in CryptoBackend::ALL {
        check_rtcp_over(&cipher(crypto, profile), sealed);
    }
}

fn check_rtcp_over(cipher: &Cipher, sealed: &str) {
    let (plain, sealed) = (hex(RTCP_PLAIN), hex(sealed));
    let mut packet = plain.clone();
    packet.resize(sealed.len() - 4, 0);
    packet.extend((0x8000_0000 | RTCP_INDEX).to_be_bytes());
    cipher
        .seal_rtcp(RTCP_SSRC, RTCP_INDEX, &mut packet)
        .unwrap();
    assert_eq!(packet, sealed);
    cipher
        .open_rtcp(RTCP_SSRC, RTCP_INDEX, &mut packet)
        .unwrap();
    assert_eq!(packet[..plain.len()], plain);
}

#[test]
fn rfc7714_16_1_srtp_aead_aes_128_gcm() {
    check_rtp(Profile::AeadAes128Gcm, RTP_128);
}

#[test]
fn rfc7714_16_2_srtp_aead_aes_256_gcm() {
    check_rtp(Profile::AeadAes256Gcm, RTP_256);
}

#[test]
fn rfc7714_17_1_srtcp_aead_aes_128_gcm() {
    check_rtcp(Profile::AeadAes128Gcm, RTCP_128);
}

#[test]
fn rfc7714_17_2_srtcp_aead_aes_256_gcm() {
    check_rtcp(Profile::AeadAes256Gcm, RTCP_256);
}

/// A right tag does not help: the agreed profile encrypts SRTCP.
#[test]
fn rfc7714_17_3_unencrypted_srtcp_is_refused() {
    let profile = Profile::AeadAes128Gcm;
    let mut inbound = Inbound::new(profile, &master(profile));
    let mut packet = hex(RTCP_128_CLEAR);
    let dropped = inbound.unprotect_rtcp(&mut packet).unwrap_err();
    assert_eq!(dropped, Dropped::Malformed);
}

fn libsrtp_master() -> MasterKey {
    MasterKey::new(
        Profile::Aes128CmSha1_80,
        &hex("e1f97a0d3e018be0d64fa32c06de4139"),
        &hex("0ec675ad498afeebb6960b3aabe6"),
    )
    .unwrap()
}

#[test]
fn libsrtp_reference_rtp_packet() {
    let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
    let sealed = hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402\
                      b78d6acc99ea179b8dbb");
    let mut outbound = Outbound::new(Profile::Aes128CmSha1_80, &libsrtp_master());
    let mut packet = plain.clone();
    packet.resize(outbound.rtp_len(plain.len()), 0);
    outbound.protect_rtp(12, 0x1234, &mut packet).unwrap();
    assert_eq!(packet, sealed);
    let mut inbound = Inbound::new(Profile::Aes128CmSha1_80, &libsrtp_master());
    let opened = inbound.unprotect_rtp(&mut packet).unwrap();
    assert_eq!(opened.packet(), plain);
}

#[test]
fn libsrtp_reference_rtcp_packet() {
    let plain = hex("81c8000bcafebabeabababababababababababababababab");
    let sealed = hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a8\
                      80000001993e08cd54d6c1230798");
    let mut outbound = Outbound::new(Profile::Aes128CmSha1_80, &libsrtp_master());
    let mut packet = Vec::new();
    // libsrtp begins with index 1.
    for _ in 0..=1 {
        packet.clone_from(&plain);
        packet.resize(outbound.rtcp_len(plain.len()), 0);
        outbound.protect_rtcp(&mut packet).unwrap();
    }
    assert_eq!(packet, sealed);
    let mut inbound = Inbound::new(Profile::Aes128CmSha1_80, &libsrtp_master());
    assert_eq!(inbound.unprotect_rtcp(&mut packet).unwrap().bytes(), plain);
}
