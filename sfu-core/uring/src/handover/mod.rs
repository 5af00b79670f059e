//! Packets from one worker to another (DESIGN D3): a bounded ring of byte slots with one writer and
//! one reader, and the flag by which the writer knows whether the reader may sleep.
//!
//! ```text
//!  worker 0                                                  worker 1
//!  push, push, push ─► | slot | slot | slot | … ─► take, take, take
//!  publish: tail once a batch                      head once a batch
//!      └─ Doze::must_be_woken ─► Waker             Doze::lie_down, before it waits
//! ```
//!
//! Full means: the message is not taken, and the writer counts it. Nobody ever waits. `ring` and
//! `doze` name their atomics through `sync`, so that `tests/handover_loom` tries the very same files
//! under every interleaving that the memory model allows.

mod doze;
mod lane;
mod ring;
mod sync;

pub use doze::Doze;
pub use lane::{HandoverReceiver, HandoverSender, handover};
