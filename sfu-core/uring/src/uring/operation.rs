//! What a completion belongs to, in the 64 bits that io_uring hands back.
//!
//! ```text
//!  63        32 31         0
//!  | operation |   index   |
//! ```

use sfu_proto::packet::SocketIndex;

const RECEIVE: u32 = 1;
const SEND: u32 = 2;
const WAKE: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The lasting receive of a socket.
    Receive(SocketIndex),
    /// The train with this index among the headers.
    Send(u32),
    /// The lasting poll of the waker.
    Wake,
}

impl Operation {
    pub(crate) fn encode(self) -> u64 {
        let (operation, index) = match self {
            Self::Receive(socket) => (RECEIVE, u32::from(socket.0)),
            Self::Send(train) => (SEND, train),
            Self::Wake => (WAKE, 0),
        };
        u64::from(operation) << 32 | u64::from(index)
    }

    /// `None` for what `encode` never makes.
    pub(crate) fn decode(user_data: u64) -> Option<Self> {
        let operation = u32::try_from(user_data >> 32).ok()?;
        let index = u32::try_from(user_data & u64::from(u32::MAX)).ok()?;
        match operation {
            RECEIVE => Some(Self::Receive(SocketIndex(u8::try_from(index).ok()?))),
            SEND => Some(Self::Send(index)),
            WAKE if index == 0 => Some(Self::Wake),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_back() {
        for operation in [
            Operation::Receive(SocketIndex(0)),
            Operation::Receive(SocketIndex(255)),
            Operation::Send(0),
            Operation::Send(u32::MAX),
            Operation::Wake,
        ] {
            assert_eq!(Operation::decode(operation.encode()), Some(operation));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for user_data in [0, 7, 1 << 32 | 256, 3 << 32 | 1, 4 << 32, u64::MAX] {
            assert_eq!(Operation::decode(user_data), None, "{user_data:#x}");
        }
    }
}
