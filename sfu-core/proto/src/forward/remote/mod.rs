//! A meeting that is larger than a core has a *part* on each of several workers (DESIGN D3). What is
//! published on one part appears on the others as remote tracks and layers, beside their own:
//! decrypted once, handed over in plain text, sealed where the viewer lives.
//!
//! ```text
//!  publisher's part                                    viewers' part
//!  announce   ──── track: whose, what, layers ───────► arrive     upsert a remote track
//!  hand_over  ──── packet: sequence, time, payload ──► arrive     its layer's own cache
//!  arrive     ◄─── wish: watched, key frame ────────── wishes     what its slots show
//! ```
//!
//! The one thing to know: everything but media is *soft state*. What has changed is said at once,
//! what stands is said again each second, and what is not heard of for three is gone. So a full ring
//! loses nothing for good, and a part that dies needs no farewell. It travels in the ring and not by
//! command because it must stay in order with the media.
//!
//! What is muted stops at the publisher's part, and what nobody there watches is not handed over.
//! Losses on the publisher's way are repaired by its part; each part repairs its own viewers from
//! its own cache.

mod announce;
mod arrive;
mod elsewhere;
mod hand_over;
mod message;
mod wishes;

pub(super) use elsewhere::{Elsewhere, LayerOrigin, TrackOrigin};
pub use hand_over::Handover;
pub(super) use message::TrackNews;
pub(crate) use message::decode;
