//! Names of things, each its own type, so that one is never taken for another.

use core::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $format:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $format, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id!(
    /// A meeting, as the sidecar's store knows it.
    MeetingId(u128),
    "{:032x}"
);
id!(
    /// One transport of a participant: ICE, DTLS and SRTP.
    SessionId(u128),
    "{:032x}"
);
id!(
    /// A participant within its meeting. It is the CSRC of every packet that carries their media
    /// (DESIGN D1), so it is never zero.
    ParticipantId(u32),
    "{}"
);
id!(
    /// One order of the sidecar. A repeated order is answered, not executed again.
    OperationId(u128),
    "{:032x}"
);
id!(
    /// How often the ownership of a meeting has changed; an order with a lower one is refused
    /// (DESIGN D12).
    Epoch(u64),
    "{}"
);
id!(
    /// An RTP synchronisation source (RFC 3550 §5.1).
    Ssrc(u32),
    "{}"
);
