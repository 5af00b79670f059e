//! RTCP (RFC 3550 §6, RFC 4585): [`packets`] reads what came in, in place; [`Writer`] composes what
//! goes out. Each kind of packet has its own file, with both directions in it.

pub mod compound;
mod description;
mod goodbye;
mod header;
mod keyframe_request;
mod nack;
mod receiver_report;
pub mod reception;
mod remb;
mod report_block;
mod sender_report;
pub mod transport_feedback;
mod writer;

pub use compound::{Packet, packets};
pub use description::{Description, Item};
pub use goodbye::Goodbye;
pub use keyframe_request::{Fir, FirEntry, Pli};
pub use nack::Nack;
pub use receiver_report::ReceiverReport;
pub use reception::Reception;
pub use remb::Remb;
pub use report_block::ReportBlock;
pub use sender_report::{SenderInfo, SenderReport};
pub use transport_feedback::TransportFeedback;
pub use writer::{Full, Writer};
