//! RTP (RFC 3550): what stands in a packet before its media, and the few bits of the media itself
//! that forwarding must know.
//!
//! Numbers are widened at the door ([`sequence`], [`timestamp`]) and narrowed again by the
//! [`writer`]; inside, nothing wraps.

pub mod abs_send_time;
pub mod audio_level;
pub mod extension;
pub mod h264;
pub mod header;
pub mod rtx;
pub mod sequence;
pub mod timestamp;
pub mod vp8;
pub mod writer;

pub use abs_send_time::AbsSendTime;
pub use audio_level::AudioLevel;
pub use extension::Extensions;
pub use header::Header;
pub use vp8::{Vp8Descriptor, Vp8Numbers};
pub use writer::{ExtensionPlan, HeaderPlan};
