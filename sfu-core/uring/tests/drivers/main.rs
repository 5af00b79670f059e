//! Both drivers, each over loopback, by the same tests.

mod rig;

mod echo;
mod exhaustion;
mod failures;
mod refusals;
mod reuse;
mod stamps;
mod trains;
mod waiting;
