//! RTP (RFC 3550).

pub mod header;

pub use header::Header;
