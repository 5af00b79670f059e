//! Holds every datagram that the shard sends against DESIGN D6: no (key, SSRC, index) is sealed
//! twice with different bytes, SRTCP indices never repeat, first sequences are below 2^15. It sees
//! what an eavesdropper sees.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use sfu_proto::packet::{Protocol, protocol};
use sfu_proto::rtp::Header;
use sfu_proto::rtp::sequence::Widener;
use sfu_proto::srtp::Profile;

use crate::world::PeerId;

#[derive(Debug, Default)]
pub struct Audit {
    wideners: HashMap<(PeerId, u32), Widener>,
    sealed: HashMap<(PeerId, u32, u64), u64>,
    rtcp_indices: HashSet<(PeerId, u32)>,
    /// Packets that went out more than once, bit for bit.
    pub repeated: u64,
    pub faults: Vec<String>,
}

impl Audit {
    pub fn sent(&mut self, to: PeerId, profile: Profile, bytes: &[u8]) {
        match protocol(bytes) {
            Ok(Protocol::Rtp) => self.rtp(to, bytes),
            Ok(Protocol::Rtcp) => self.rtcp(to, profile, bytes),
            _ => (),
        }
    }

    /// Media packets sealed under different nonces.
    pub fn sealed_count(&self) -> usize {
        self.sealed.len()
    }

    pub fn rtcp_count(&self) -> usize {
        self.rtcp_indices.len()
    }

    fn rtp(&mut self, to: PeerId, bytes: &[u8]) {
        let Ok(header) = Header::parse(bytes) else {
            self.faults.push(format!("{to:?} is sent broken RTP"));
            return;
        };
        let widener = self.wideners.entry((to, header.ssrc.0)).or_default();
        if widener.highest().is_none() && header.sequence >= 1 << 15 {
            self.faults.push(format!(
                "{to:?}: {} begins at {}, not below 2^15",
                header.ssrc, header.sequence
            ));
        }
        let index = widener.widen(header.sequence);
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let hash = hasher.finish();
        match self.sealed.entry((to, header.ssrc.0, index)) {
            Entry::Vacant(place) => drop(place.insert(hash)),
            Entry::Occupied(before) if *before.get() == hash => self.repeated += 1,
            Entry::Occupied(_) => self.faults.push(format!(
                "{to:?}: {} index {index} is sealed twice with different bytes",
                header.ssrc
            )),
        }
    }

    fn rtcp(&mut self, to: PeerId, profile: Profile, bytes: &[u8]) {
        // RFC 7714 §9.1 has the index last, RFC 3711 §3.4 has it before the tag.
        let behind = match profile {
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 0,
            Profile::Aes128CmSha1_80 => profile.rtp_overhead(),
        };
        let word = bytes[..bytes.len() - behind].last_chunk().copied();
        let word = u32::from_be_bytes(word.unwrap_or_default());
        if word >> 31 == 0 {
            self.faults.push(format!("{to:?}: SRTCP in the clear"));
        }
        if !self.rtcp_indices.insert((to, word)) {
            self.faults
                .push(format!("{to:?}: SRTCP index {word:#x} comes twice"));
        }
    }
}
