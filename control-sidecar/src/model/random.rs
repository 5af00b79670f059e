//! Fresh identifiers and secrets, all from the kernel's generator.

use ring::rand::{SecureRandom, SystemRandom};
use sfu_proto::ids::{MeetingId, OperationId, SessionId};

/// `N` unpredictable bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // getrandom(2) fails only on a kernel without it, and no secret could be made there.
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the kernel gives random bytes");
    bytes
}

fn number() -> u128 {
    u128::from_be_bytes(bytes())
}

pub fn meeting_id() -> MeetingId {
    MeetingId(number())
}

pub fn session_id() -> SessionId {
    SessionId(number())
}

pub fn operation_id() -> OperationId {
    OperationId(number())
}
