//! One participant's transport: ICE, DTLS and SRTP joined. It knows nothing of who forwards what
//! to whom (DESIGN D2).

mod address_map;
mod egress;
mod sources;
mod transport;

pub(crate) use address_map::AddressMap;
pub(crate) use egress::Egress;
pub(crate) use transport::{Media, Session};

/// A session of this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey(pub usize);
