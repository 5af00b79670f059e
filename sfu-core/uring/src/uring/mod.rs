//! The io_uring driver: one `io_uring_enter` a pass sends the batch and waits.
//!
//! - `driver`: the pass, and what each completion means.
//! - `ring`: the rings themselves: push, enter, reap.
//! - `buffers`: receive buffers that the kernel picks from.
//! - `entry`: what is pushed, and why a send is over when the enter is.
//! - `restriction`: what the ring may do at all.
//! - `operation`: what a completion belongs to.

mod buffers;
mod driver;
mod entry;
mod mapping;
mod operation;
pub(crate) mod restriction;
mod ring;

pub(crate) use driver::{RingMemory, UringDriver};
