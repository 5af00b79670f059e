//! What the packet path needs to know of DTLS (RFC 5764).
