//! Why a session got no keys. All but `Panicked` are the far side's doing.

/// What ended a session's handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DtlsFailure {
    #[error("the client's certificate is not the one of its offer's fingerprint")]
    WrongFingerprint,
    #[error("the client showed no certificate")]
    NoClientCertificate,
    #[error("the client offers no SRTP profile that we take (use_srtp, RFC 5764)")]
    NoSrtpProfile,
    #[error("the client does not offer DTLS 1.2")]
    NoCommonVersion,
    #[error("the client does not offer TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 8827 §6.5)")]
    NoCommonCipherSuite,
    #[error("the client offers none of the groups X25519, P-256, P-384")]
    NoCommonGroup,
    #[error("the client does not offer the extended master secret (RFC 7627)")]
    NoExtendedMasterSecret,
    #[error("the client tries to resume a session that we never had")]
    Resumption,
    #[error("the client's ClientHello cannot be read")]
    BadClientHello,
    #[error("the client gave up with alert {0} (RFC 5246 §7.2)")]
    Alert(u8),
    #[error("the handshake did not end in time")]
    TimedOut,
    #[error("the handshake failed: {0}")]
    Engine(String),
    #[error("the DTLS engine panicked; this is a bug of ours")]
    Panicked,
}
