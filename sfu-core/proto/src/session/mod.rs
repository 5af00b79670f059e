//! One participant's transport: ICE, DTLS and SRTP joined. It knows nothing of who forwards what
//! to whom (DESIGN D2).

use crate::forward::{MeetingKey, SubscriberKey};

mod address_map;
mod egress;
mod sending;
mod sources;
mod token_bucket;
mod transport;

pub(crate) use address_map::AddressMap;
pub(crate) use egress::Egress;
pub(crate) use transport::{Media, Session};

/// Where a session has its place in forwarding; all that it knows of it (DESIGN D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub meeting: MeetingKey,
    pub subscriber: SubscriberKey,
}

/// A session of this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey(pub usize);
