//! io_uring against mio, the two drivers of the core, doing the same work in one run.
//!
//! ```text
//!  CPU 0, namespace near                       CPU 1, namespace far
//!  driver under measure ── veth ─────────────► sink: drop | gro | plain
//!                       ◄───────────────────── generator, where the work has a receiving side
//! ```
//!
//! Rounds alternate, and so does who goes first. A packet counts where it arrives: what the sink
//! has seen divides the driver's CPU time. The veth delivers on the sender's CPU, so each figure
//! holds the kernel's way through both stacks; it is the same for both drivers.
//!
//! What it has found stands in the bench's README.

mod cost;
mod drop_program;
mod link;
mod run;
mod sink;
mod work;

pub use run::{Options, run, table};
pub use sink::SinkKind;
