//! What the ideal forwarder is told, once, before it starts: who publishes, who views, under which
//! keys. As JSON.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sfu_proto::srtp::{KeyingMaterial, Profile};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tables {
    pub(crate) listen: SocketAddr,
    /// `io_uring` or `mio`.
    pub(crate) driver: String,
    pub(crate) rooms: Vec<RoomTable>,
}

/// Nothing leaves a room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RoomTable {
    pub(crate) publishers: Vec<PublisherTable>,
    pub(crate) viewers: Vec<ViewerTable>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PublisherTable {
    pub(crate) address: SocketAddr,
    pub(crate) keying: Keying,
    pub(crate) ssrcs: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ViewerTable {
    pub(crate) address: SocketAddr,
    pub(crate) keying: Keying,
    pub(crate) slots: Vec<SlotTable>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotTable {
    /// The SSRC that it carries, for ever.
    pub(crate) source: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
}

/// The exporter's output of a handshake that never was, in hexadecimal: keys for both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keying(String);

impl Keying {
    /// The keys of one participant. They guard nothing: it is enough that no two are alike.
    pub(crate) fn of_participant(number: usize) -> Self {
        let bytes = (0..Profile::AeadAes128Gcm.keying_len()).map(|at| {
            let block = u64::try_from(number * 8 + at / 8).unwrap_or(u64::MAX);
            mixed(block).to_be_bytes()[at % 8]
        });
        Self(bytes.fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    pub(crate) fn material(&self) -> anyhow::Result<KeyingMaterial> {
        let bytes: Option<Vec<u8>> = (0..self.0.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(self.0.get(at..at + 2)?, 16).ok())
            .collect();
        bytes
            .and_then(|bytes| KeyingMaterial::from_exporter(Profile::AeadAes128Gcm, &bytes))
            .with_context(|| format!("{:?} is no keying material: 112 hex digits", self.0))
    }
}

/// SplitMix64: different for each input.
fn mixed(block: u64) -> u64 {
    let mut bits = block.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_read_back() {
        let tables = Tables {
            listen: "127.0.0.1:9".parse().unwrap(),
            driver: "mio".to_owned(),
            rooms: vec![RoomTable {
                publishers: vec![PublisherTable {
                    address: "127.64.0.1:7".parse().unwrap(),
                    keying: Keying::of_participant(1),
                    ssrcs: vec![1, 2],
                }],
                viewers: Vec::new(),
            }],
        };
        let text = serde_json::to_string(&tables).unwrap();
        let read: Tables = serde_json::from_str(&text).unwrap();
        assert_eq!(read.rooms[0].publishers[0].ssrcs, [1, 2]);
        assert_eq!(
            read.rooms[0].publishers[0].keying,
            Keying::of_participant(1)
        );
    }

    #[test]
    fn no_two_participants_share_keys() {
        let all: std::collections::HashSet<_> =
            (0..10_000).map(|n| Keying::of_participant(n).0).collect();
        assert_eq!(all.len(), 10_000);
        assert!(Keying::of_participant(3).material().is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "0", "zz", "é1", &"0".repeat(111), &"0".repeat(114)] {
            assert!(Keying(text.to_owned()).material().is_err(), "{text:?}");
        }
    }
}
