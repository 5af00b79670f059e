//! ICE, the lite side (RFC 8445 §2.5), with consent (RFC 7675): we answer checks and send none.
//!
//! A check proves that its sender knows our password; it does not prove that it is fresh, nor that
//! the far address takes part. What follows from that:
//! - an address becomes *valid*: media and DTLS from it are looked at, and both authenticate
//!   themselves again;
//! - traffic follows USE-CANDIDATE only, and never a check that was answered before (see
//!   [`Agent::handle_check`]);
//! - silence for `limits::CONSENT_TIME_MAX` ends the sending (RFC 7675 §5.1).

mod addresses;
mod agent;
pub mod credentials;
mod transactions;

pub use agent::{Agent, Checked};
