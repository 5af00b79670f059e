//! Why a packet was let go. One variant, one counter; a packet that stops is not an error.

macro_rules! dropped {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a packet was let go.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Dropped {
            $($(#[$doc])* $variant,)*
        }

        impl Dropped {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The label of its counter.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

dropped! {
    /// First byte belongs to no protocol of ours (RFC 7983 §7).
    UnknownProtocol = "unknown_protocol",
    /// Shorter than its own header says, or than any packet of its kind.
    Truncated = "truncated",
    /// Well-formed lengths, but a field has a value that the RFC forbids.
    Malformed = "malformed",

    /// STUN without a user name that names a session here.
    StunUnknownUser = "stun_unknown_user",
    /// STUN whose MESSAGE-INTEGRITY or FINGERPRINT is missing or wrong.
    StunBadIntegrity = "stun_bad_integrity",
    /// STUN that is no binding request.
    StunUnexpected = "stun_unexpected",
    /// A check that has been answered before, come again from another address.
    StunReplayed = "stun_replayed",
    /// A check from an address at which another session is.
    StunAddressTaken = "stun_address_taken",
    /// More validated addresses than `limits::ADDRESSES_PER_SESSION_MAX`.
    StunAddressesFull = "stun_addresses_full",

    /// Media or DTLS from an address that has passed no ICE check.
    UnknownAddress = "unknown_address",
    /// More DTLS records waiting for the handshake thread than it takes.
    DtlsQueueFull = "dtls_queue_full",

    /// More DTLS from one session than a handshake needs.
    DtlsFlood = "dtls_flood",

    /// Media before the DTLS handshake has given its keys.
    SrtpNoKeys = "srtp_no_keys",
    /// The authentication tag does not fit (RFC 3711 §3.3).
    SrtpBadTag = "srtp_bad_tag",
    /// Seen before (RFC 3711 §3.3.2).
    SrtpReplayed = "srtp_replayed",
    /// Older than the replay window (RFC 3711 §3.3.2).
    SrtpTooOld = "srtp_too_old",
    /// The key has protected as many packets as it may (RFC 3711 §9.2).
    SrtpKeyExhausted = "srtp_key_exhausted",
    /// More sources than `limits::SOURCES_PER_SESSION_MAX`.
    SrtpSourcesFull = "srtp_sources_full",

    /// RTP of a source that belongs to no track of its sender.
    RtpUnknownSource = "rtp_unknown_source",
    /// RTP with a payload type that was not agreed on.
    RtpUnknownPayloadType = "rtp_unknown_payload_type",
    /// A packet we hold already: a repair that came twice, or came late.
    RtpDuplicate = "rtp_duplicate",
    /// Older than the layer's cache reaches.
    RtpTooOld = "rtp_too_old",
    /// Padding without media: a probe. It is counted and answered, not forwarded.
    RtpProbe = "rtp_probe",
    /// Media of a source that its owner or the host has muted.
    Muted = "muted",

    /// More of one layer came than waits to be forwarded at a time; it can still be asked for.
    ForwardBehind = "forward_behind",
    /// Overwritten in its layer's cache before this viewer's turn came.
    ForwardTooLate = "forward_too_late",

    /// A viewer asked again for a packet that is no longer held.
    NackExpired = "nack_expired",
    /// A viewer asked for more repairs than its budget allows.
    NackBudget = "nack_budget",

    /// The memory of all layer caches is lent: a layer that has none yet gets none.
    CacheNone = "cache_none",

    /// The ring to another worker is full.
    HandoverFull = "handover_full",
    /// Handed over for a meeting or layer that is not here, or not any more.
    HandoverUnknown = "handover_unknown",

    /// The pass's send area is full.
    SendBatchFull = "send_batch_full",
    /// The kernel did not take it: socket buffer full.
    SendRefused = "send_refused",
    /// The kernel had no route or no permission for it.
    SendFailed = "send_failed",
}

impl Dropped {
    pub const COUNT: usize = Self::ALL.len();
}
