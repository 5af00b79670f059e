//! SRTP and SRTCP (RFC 3711, RFC 7714), in place: bytes are opened in the driver's receive buffer
//! and sealed in its send area. Nothing here allocates after `new`; key schedules are made once.
//!
//! ```text
//! exporter ─► KeyingMaterial ─┬─ client ─► Inbound   packet ─► Authenticated ─► forward
//!   (DTLS)                    └─ server ─► Outbound  slot + index ─► sealed slot
//!
//! unprotect_rtp   header → packet index → replay → cipher → accept
//!                 §3.1     §3.3.1         §3.3.2   §4.1     (only now does any state change)
//! ```
//!
//! The one thing to know: only [`Inbound`] can build an [`Authenticated`], so no byte that has not
//! been authenticated reaches `forward`.

mod aead;
mod aes_cm;
mod aes_gcm;
mod authenticated;
mod backend;
mod cipher;
mod inbound;
mod key_derivation;
mod keying;
mod outbound;
mod packet_index;
mod profile;
mod replay_window;
mod sources;

#[cfg(test)]
mod rfc_vectors;
#[cfg(test)]
mod testing;

pub use authenticated::{Authenticated, AuthenticatedRtcp};
pub use backend::{CryptoBackend, SealingTrial};
pub use inbound::Inbound;
pub use keying::{KeyingMaterial, MasterKey};
pub use outbound::Outbound;
pub use profile::Profile;
