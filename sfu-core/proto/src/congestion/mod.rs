//! How much a path carries.
//!
//! ```text
//! publisher ─ media ─► arrivals ─ transport feedback ─► publisher's own estimator
//! ```

mod arrivals;

pub use arrivals::Arrivals;
