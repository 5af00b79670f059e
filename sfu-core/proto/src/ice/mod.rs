//! ICE, the lite side (RFC 8445 §2.5).
