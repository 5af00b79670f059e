//! The thread from outside: another DTLS stack, or this one as client, on the other end of a wire
//! that is memory.

mod closing;
mod handshake;
pub(super) mod hostile;
mod loss;
mod openssl;
mod wire;
