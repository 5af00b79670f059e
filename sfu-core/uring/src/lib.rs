//! The I/O drivers of a forwarder worker, and the only `unsafe` in the workspace.
//!
//! A worker owns one [`Driver`]. Each pass it calls [`Driver::turn`] (send what the last pass
//! wrote, wait for something to do) and [`Driver::receive`] (take what came). Two drivers stand
//! behind it, with the same sockets, the same trains and the same counters: io_uring, and `mio`
//! with `recvmmsg`/`sendmmsg` where io_uring is forbidden.
//!
//! ```text
//!             SendBatch ─ trains ─ send_headers ─┬─ uring: SENDMSG, one enter a pass
//!                                                └─ mio_driver: sendmmsg
//!  Datagram ─ received_train ─ receive_buffer ───┬─ uring: multishot RECVMSG, provided buffers
//!                                                └─ mio_driver: recvmmsg
//! ```
//!
//! Rules for `unsafe` here: the codecs (addresses, control messages, buffer layout, trains) are safe
//! code over byte slices. `unsafe` is left for system calls, for memory that the kernel writes, and
//! for the rings, the kernel's and the one between workers ([`handover`]); each block names its invariant and who upholds it.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("sfu-uring reads Linux' 64-bit control messages; other targets are not supported");

mod address;
mod affinity;
mod choice;
mod clock;
mod control_message;
mod counters;
mod driver;
mod error;
mod handover;
mod interfaces;
mod mio_driver;
mod notice;
mod probe;
mod receive_buffer;
mod receive_messages;
mod received_train;
mod send_failure;
mod send_headers;
mod socket;
mod socket_table;
mod system_call;
mod train_limit;
mod trains;
mod udp_errors;
mod uring;
mod waker;

pub use affinity::{allowed_cores, pin_current_thread};
pub use choice::{DriverChoice, DriverKind, UnknownDriver};
pub use clock::ClockReading;
pub use counters::IoCounters;
pub use driver::Driver;
pub use error::{BindError, DriverError};
pub use handover::{Doze, HandoverReceiver, HandoverSender, handover};
pub use interfaces::{LocalAddress, local_addresses};
pub use notice::Notice;
pub use probe::{RingFeatures, RingRefusal, probe};
pub use socket::{BoundSocket, BufferShortfall, bind};
pub use udp_errors::{UdpErrors, udp_errors};
pub use waker::Waker;
