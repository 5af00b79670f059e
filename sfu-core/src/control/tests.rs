//! The control thread's rules, event by event: the test plays the sidecar and the workers.

mod links;
mod orders;
mod rig;
