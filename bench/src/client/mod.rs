//! One participant's way in, as a browser goes it. Nothing here knows how offers and answers
//! travel: that differs by target.
//!
//! ```text
//! sdp::Offer ─► (the target's signalling) ─► sdp::Description
//!     transport::connect:  ice, a check answered ─► dtls, keys ─► Endpoint
//! ```

pub mod consent;
pub mod dtls;
pub mod http;
pub mod ice;
pub mod random;
pub mod sdp;
pub mod transport;
