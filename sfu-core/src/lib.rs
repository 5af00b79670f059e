//! The forwarder role: workers, DTLS thread, control socket.

pub mod dtls;
