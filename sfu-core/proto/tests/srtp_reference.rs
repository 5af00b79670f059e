//! The SRTP fast path against `webrtc-srtp`, packet for packet (DESIGN D6): random packets
//! over the three profiles and both libraries. Both must seal to the same bytes, and each must open what the
//! other sealed, through loss, disorder and rollovers.
//!
//! Seeded: a failure names its profile and packet, and comes again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sfu_proto::dropped::Dropped;
use sfu_proto::rtp::Header;
use sfu_proto::srtp::{CryptoBackend, Inbound, MasterKey, Outbound, Profile};
use webrtc_srtp::context::Context;
use webrtc_srtp::protection_profile::ProtectionProfile;

const PACKETS_PER_PROFILE: u32 = 340_000;
/// One in this many is SRTCP.
const RTCP_EVERY: u32 = 8;
const SOURCES: u32 = 6;
const PAYLOAD_BYTES_MAX: u32 = 1_200;
/// Packets on their way at one time; each leaves when the dice say so.
const IN_FLIGHT: usize = 24;
/// What `Inbound` promises.
const RTP_WINDOW: u64 = 1_024;
const RTCP_WINDOW: u64 = 128;

#[test]
fn aead_aes_128_gcm_by_ring() {
    World::new(CryptoBackend::Ring, Profile::AeadAes128Gcm, 1).run();
}

#[test]
fn aead_aes_128_gcm_by_aws_lc() {
    World::new(CryptoBackend::AwsLc, Profile::AeadAes128Gcm, 4).run();
}

#[test]
fn aead_aes_256_gcm_by_ring() {
    World::new(CryptoBackend::Ring, Profile::AeadAes256Gcm, 2).run();
}

#[test]
fn aead_aes_256_gcm_by_aws_lc() {
    World::new(CryptoBackend::AwsLc, Profile::AeadAes256Gcm, 5).run();
}

/// No library of choice here: AES and HMAC-SHA1 are of one kind.
#[test]
fn aes_128_cm_sha1_80() {
    World::new(CryptoBackend::Ring, Profile::Aes128CmSha1_80, 3).run();
}

#[test]
#[ignore = "long: twenty million packets"]
fn all_profiles_for_long() {
    for seed in 100..110 {
        for profile in Profile::PREFERENCE {
            for crypto in CryptoBackend::ALL {
                println!("{profile:?} by {crypto}, seed {seed}");
                World::new(crypto, profile, seed).run();
            }
        }
    }
}

fn reference(profile: Profile) -> ProtectionProfile {
    match profile {
        Profile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
        Profile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
    }
}

/// One SSRC and what both ends know of it.
struct Source {
    ssrc: u32,
    next_index: u64,
    highest_received: u64,
    /// For its RTCP. The reference counts per SSRC, we per session, so each has a session.
    rtcp: Outbound,
    rtcp_sent: u64,
    rtcp_highest_received: u64,
}

enum Kind {
    Rtp,
    Rtcp,
}

struct InFlight {
    kind: Kind,
    source: usize,
    index: u64,
    plain: Vec<u8>,
    by_us: Vec<u8>,
    by_reference: Vec<u8>,
}

struct World {
    random: ChaCha8Rng,
    outbound: Outbound,
    inbound: Inbound,
    reference_outbound: Context,
    reference_inbound: Context,
    sources: Vec<Source>,
    in_flight: Vec<InFlight>,
    too_old: u32,
}

impl World {
    fn new(crypto: CryptoBackend, profile: Profile, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut key = vec![0; profile.key_len()];
        let mut salt = vec![0; profile.salt_len()];
        random.fill_bytes(&mut key);
        random.fill_bytes(&mut salt);
        let master = MasterKey::new(profile, &key, &salt).unwrap();
        // No replay check in the reference: its window is not ours.
        let context = || Context::new(&key, &salt, reference(profile), None, None).unwrap();
        let sources = (0..SOURCES)
            .map(|_| {
                let mut rtcp = Outbound::over(crypto, profile, &master);
                // The reference begins with index 1.
                rtcp.protect_rtcp(&mut vec![0; rtcp.rtcp_len(8)]).unwrap();
                Source {
                    ssrc: random.next_u32(),
                    next_index: u64::from(random.next_u32() % 0x1_0000),
                    highest_received: 0,
                    rtcp,
                    rtcp_sent: 0,
                    rtcp_highest_received: 0,
                }
            })
            .collect();
        Self {
            outbound: Outbound::over(crypto, profile, &master),
            inbound: Inbound::over(crypto, profile, &master),
            reference_outbound: context(),
            reference_inbound: context(),
            random,
            sources,
            in_flight: Vec::new(),
            too_old: 0,
        }
    }

    fn run(mut self) {
        for source in 0..self.sources.len() {
            // The first packet of a source arrives first, or none can know its rollover counter.
            let first = self.send_rtp(source);
            self.receive(first);
        }
        for _ in 0..PACKETS_PER_PROFILE {
            let source = self.below(SOURCES) as usize;
            let sent = if self.below(RTCP_EVERY) == 0 {
                self.send_rtcp(source)
            } else {
                self.send_rtp(source)
            };
            self.in_flight.push(sent);
            if self.in_flight.len() > IN_FLIGHT {
                let at = self.below(25) as usize;
                let arrived = self.in_flight.swap_remove(at);
                self.receive(arrived);
            }
        }
        for source in &self.sources {
            assert!(source.highest_received > 0x1_0000, "no rollover was tried");
        }
        assert!(self.too_old < PACKETS_PER_PROFILE / 100, "{}", self.too_old);
    }

    fn send_rtp(&mut self, source: usize) -> InFlight {
        let lost = match self.below(1_000) {
            0 => self.below(6_000),
            1..=50 => self.below(20),
            _ => 0,
        };
        let index = self.sources[source].next_index + u64::from(lost);
        self.sources[source].next_index = index + 1;
        let plain = self.rtp(self.sources[source].ssrc, index);
        let by_reference = self.reference_outbound.encrypt_rtp(&plain).unwrap();

        let mut by_us = plain.clone();
        by_us.resize(self.outbound.rtp_len(plain.len()), 0);
        let header_len = Header::parse(&plain).unwrap().len;
        self.outbound
            .protect_rtp(header_len, index, &mut by_us)
            .unwrap();
        assert_eq!(by_us, by_reference, "RTP index {index}, plain {plain:02x?}");
        InFlight {
            kind: Kind::Rtp,
            source,
            index,
            plain,
            by_us,
            by_reference: by_reference.to_vec(),
        }
    }

    fn send_rtcp(&mut self, source: usize) -> InFlight {
        let plain = self.rtcp(self.sources[source].ssrc);
        let by_reference = self.reference_outbound.encrypt_rtcp(&plain).unwrap();
        let source_state = &mut self.sources[source];
        source_state.rtcp_sent += 1;
        let index = source_state.rtcp_sent;
        let mut by_us = plain.clone();
        by_us.resize(source_state.rtcp.rtcp_len(plain.len()), 0);
        source_state.rtcp.protect_rtcp(&mut by_us).unwrap();
        assert_eq!(
            by_us, by_reference,
            "RTCP index {index}, plain {plain:02x?}"
        );
        InFlight {
            kind: Kind::Rtcp,
            source,
            index,
            plain,
            by_us,
            by_reference: by_reference.to_vec(),
        }
    }

    fn receive(&mut self, mut packet: InFlight) {
        let source = &mut self.sources[packet.source];
        let (highest, window) = match packet.kind {
            Kind::Rtp => (&mut source.highest_received, RTP_WINDOW),
            Kind::Rtcp => (&mut source.rtcp_highest_received, RTCP_WINDOW),
        };
        let too_old = packet.index + window <= *highest;
        *highest = packet.index.max(*highest);

        let (opened, by_reference) = match packet.kind {
            Kind::Rtp => {
                let opened = self.inbound.unprotect_rtp(&mut packet.by_reference);
                if let Ok(opened) = &opened {
                    assert_eq!(opened.index(), packet.index);
                }
                (
                    opened.map(|opened| opened.packet()),
                    self.reference_inbound.decrypt_rtp(&packet.by_us),
                )
            }
            Kind::Rtcp => {
                let opened = self.inbound.unprotect_rtcp(&mut packet.by_reference);
                (
                    opened.map(|opened| opened.bytes()),
                    self.reference_inbound.decrypt_rtcp(&packet.by_us),
                )
            }
        };
        assert_eq!(by_reference.unwrap(), packet.plain);
        if too_old {
            self.too_old += 1;
            assert_eq!(opened, Err(Dropped::SrtpTooOld));
        } else {
            assert_eq!(opened, Ok(&packet.plain[..]), "index {}", packet.index);
        }
    }

    fn rtp(&mut self, ssrc: u32, index: u64) -> Vec<u8> {
        let csrc_count = if self.below(4) == 0 {
            self.byte_below(16)
        } else {
            0
        };
        let mut packet = vec![0x80 | csrc_count, self.byte_below(255)];
        packet.extend_from_slice(&index.to_be_bytes()[6..]);
        packet.extend(self.random.next_u32().to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        self.append_random(&mut packet, 4 * u32::from(csrc_count));
        let elements = match self.below(4) {
            0 => Some((0xbede_u16, self.elements(1))),
            1 => Some((0x1000, self.elements(2))),
            2 => Some((0x4321, self.words())),
            _ => None,
        };
        if let Some((profile, elements)) = elements {
            packet[0] |= 0x10;
            packet.extend(profile.to_be_bytes());
            packet.extend(u16::try_from(elements.len() / 4).unwrap().to_be_bytes());
            packet.extend(elements);
        }
        let payload_len = self.below(PAYLOAD_BYTES_MAX + 1);
        self.append_random(&mut packet, payload_len);
        if payload_len > 0 && self.below(8) == 0 {
            packet[0] |= 0x20;
            let padding = 1 + self.byte_below(payload_len.min(255));
            *packet.last_mut().unwrap() = padding;
        }
        packet
    }

    fn rtcp(&mut self, ssrc: u32) -> Vec<u8> {
        let body = self.words();
        let mut packet = vec![0x80 | self.byte_below(32), 200 + self.byte_below(7)];
        packet.extend(u16::try_from(1 + body.len() / 4).unwrap().to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(body);
        packet
    }

    /// Elements of RFC 8285, in the one-byte form (§4.2) or the two-byte form (§4.3).
    fn elements(&mut self, header_bytes: u32) -> Vec<u8> {
        let mut elements = Vec::new();
        for id in 1..=self.byte_below(4) {
            let len = 1 + self.byte_below(16);
            if header_bytes == 1 {
                elements.push(id << 4 | (len - 1));
            } else {
                elements.extend([id, len]);
            }
            self.append_random(&mut elements, len.into());
        }
        elements.resize(elements.len().next_multiple_of(4), 0);
        elements
    }

    fn words(&mut self) -> Vec<u8> {
        let mut words = Vec::new();
        let count = self.below(40);
        self.append_random(&mut words, 4 * count);
        words
    }

    fn append_random(&mut self, bytes: &mut Vec<u8>, count: u32) {
        let start = bytes.len();
        bytes.resize(start + count as usize, 0);
        self.random.fill_bytes(&mut bytes[start..]);
    }

    fn below(&mut self, end: u32) -> u32 {
        self.random.next_u32() % end
    }

    fn byte_below(&mut self, end: u32) -> u8 {
        u8::try_from(self.below(end)).unwrap()
    }
}
