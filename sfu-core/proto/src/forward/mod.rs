//! Who gets which packet. A **meeting** holds **tracks** (what is published), each with its
//! **layers**; a **subscriber** holds **slots** (what is received).
//!
//! ```text
//!  receive:  track ─► layer ─► cache            once, when a packet arrives
//!  forward:  subscriber ─► slot ─► rewrite ─►   once a pass, viewer by viewer
//! ```
//!
//! A meeting with parts on several workers has remote tracks beside its own: `remote`.

mod assign;
mod cache;
mod chunks;
mod cname;
mod gap;
mod keyframe;
mod layer;
mod meeting;
mod membership;
mod moments;
mod outgoing;
mod packet_info;
mod refresh;
mod remote;
mod rewrite;
mod slot;
mod speaker;
mod subscriber;
mod track;

pub(crate) use chunks::Chunks;
pub(crate) use gap::MISSING_MAX;
pub(crate) use layer::Layer;
pub(crate) use meeting::{Meeting, MeetingKey};
pub use moments::Moments;
pub(crate) use outgoing::Outgoing;
pub use remote::Handover;
pub(crate) use remote::decode;
pub(crate) use slot::{Slot, SlotSeed};
pub(crate) use subscriber::{Subscriber, SubscriberKey};
