//! What comes in and what goes out, before anybody knows what it means.

mod datagram;
mod demux;
mod send_batch;

pub use datagram::{Datagram, Route, SocketIndex};
pub use demux::{Protocol, protocol};
pub use send_batch::{Outgoing, SendBatch};
