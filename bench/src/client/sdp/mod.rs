//! Session descriptions (RFC 8866) as far as a synthetic participant needs them: the offer that a
//! seat makes, and what the other side says.

mod description;
mod offer;

pub use description::Description;
pub use offer::Offer;
