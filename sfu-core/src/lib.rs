//! The forwarder role: workers, DTLS thread, control socket.
