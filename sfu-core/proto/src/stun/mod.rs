//! STUN messages (RFC 8489), as ICE uses them: read in place, written straight into a send slot.
//!
//! Nothing that a message says may be believed before [`Message::check_integrity`] has passed; only
//! the user name is needed earlier, to find the password.

mod attribute;
mod builder;
mod integrity;
mod message;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
pub(crate) use attribute::kind;

pub use attribute::{UNKNOWN_ATTRIBUTES_MAX, UnknownAttributes};
pub use builder::{Request, Response, Role};
pub use message::{Class, Message, Method, TransactionId};
