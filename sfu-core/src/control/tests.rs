//! The control thread's rules, event by event: the test plays the sidecar and the workers.

mod failures;
mod gatherings;
mod links;
mod orders;
mod rig;
mod spreading;
