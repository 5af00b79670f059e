//! The protocol and forwarding rules of the SFU, and nothing else: no socket, no clock, no thread,
//! no lock. Time and bytes come in, bytes and reports go out.
//!
//! The modules stand in the order of a packet's way. Four verbs tell it: **unprotect, receive,
//! rewrite, protect**.
//!
//! ```text
//! datagram ─ demux ─┬─ stun ─ ice ────────────────────────────────► batch
//!                   ├─ dtls ────────► (handshake thread) ─────────► batch
//!                   └─ srtp::inbound ─ forward::track ─ meeting ─┐
//!                                     batch ◄ srtp::outbound ◄ slot
//! ```
#![forbid(unsafe_code)]

pub mod counters;
pub mod dropped;
pub mod ids;
pub mod limits;
pub mod time;

pub mod packet;

pub mod stun;

pub mod ice;

pub mod dtls;

pub mod srtp;

pub mod rtp;

pub mod rtcp;

pub mod congestion;

mod session;

mod forward;

pub mod shard;

pub mod control;
