//! What the executable can be: a role, or the launcher of all roles.

pub mod core;
pub mod launcher;
mod process;
pub mod sidecar;

pub use process::{Ended, signals};
