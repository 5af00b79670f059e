//! What the core itself reads of DTLS (RFC 6347), before and beside the engine: records, fragments
//! of handshake messages, and the ClientHello with its use_srtp (RFC 5764).
//!
//! Nothing here is authenticated: a record's plaintext is the word of whoever can send from the
//! session's address.

pub mod client_hello;
pub mod handshake;
pub mod record;

pub use client_hello::{BadClientHello, ClientHello};
pub use handshake::{BadFragment, Fragment, Message, Progress, Reassembler};
pub use record::{ContentType, Record, Records};
