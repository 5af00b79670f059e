//! What happens, told to the pages: one hub, one WebSocket for each open page.
//!
//! ```text
//! transaction on the disk ─► after_commit ─┐
//! core's reports ─► node::live ────────────┼─► Hub ─► queue (256) ─► socket ─► page
//! link up, down, restarted ────────────────┘
//! ```

pub mod after_commit;
mod hub;
mod presence;
mod request;
pub mod socket;

pub use hub::{CloseCode, Hub, Outgoing, Subscription};
pub use presence::Presence;
