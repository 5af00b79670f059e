//! A synthetic participant that is connected: what is left when signalling, ICE and DTLS are done.
//! Targets make them, the load uses them; neither knows more of the other.
//!
//! Each participant has an address of its own, so that thousands share one UDP socket of the load:
//! the network gives the whole range to this machine, and the server tells them apart by address.

use std::net::SocketAddr;

use sfu_proto::srtp::KeyingMaterial;

/// One participant, ready for media.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its address, in the range that belongs to the load.
    pub local: SocketAddr,
    /// The server's, as ICE has chosen it.
    pub remote: SocketAddr,
    /// We are the DTLS client: `client` seals what we send, `server` opens what we receive.
    pub keys: KeyingMaterial,
    /// Answers and repeats of ICE checks need these; `None` where the target has no ICE.
    pub ice: Option<IcePair>,
    pub sends: Vec<Source>,
    pub receives: Vec<Slot>,
}

/// Both sides' ICE credentials.
#[derive(Clone, Debug)]
pub struct IcePair {
    pub local_ufrag: String,
    pub local_password: String,
    pub remote_ufrag: String,
    pub remote_password: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    Audio,
    Video,
}

/// One encoding that the participant sends.
#[derive(Clone, Debug)]
pub struct Source {
    pub kind: MediaKind,
    pub ssrc: u32,
    pub payload_type: u8,
    /// What stands in its header extensions, as (id, value).
    pub mid: Option<(u8, String)>,
    pub rid: Option<(u8, String)>,
    /// Ids of the extensions whose values change with each packet.
    pub audio_level: Option<u8>,
    pub transport_cc: Option<u8>,
}

/// One stream that the participant may receive. Which source it carries is the server's choice.
#[derive(Clone, Debug)]
pub struct Slot {
    pub kind: MediaKind,
    pub ssrc: u32,
    pub payload_type: u8,
}
