//! DTLS, off the packet path (DESIGN D7): one thread shakes hands for all workers. A worker hands
//! it records of a session and gets back records to send and, once, the keys.
//!
//! ```text
//! worker ─ DtlsInput ─► thread ─► session ─► inbound (what may pass) ─► engine
//! worker ◄ DtlsOutput ─────────── outbound (the last flight is kept) ◄─┘
//! ```
//!
//! Only `engine.rs` and `pipe.rs` name the DTLS library, so that another engine can take its place.

mod certificate;
mod engine;
mod failure;
mod inbound;
mod outbound;
mod pipe;
mod session;
mod thread;

pub use certificate::{Certificate, CertificateError};
pub use failure::DtlsFailure;
pub use thread::{DtlsInput, DtlsOutput, DtlsSender, DtlsThread, Full};

#[cfg(test)]
mod tests;
