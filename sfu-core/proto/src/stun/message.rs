//! One STUN message, read in place (RFC 8489 §5).
//!
//! ```text
//!  0               1               2               3
//! |0 0|  type: method and class   |  length (without header)      |
//! |                 magic cookie 0x2112a442                       |
//! |                 transaction id, 96 bits                       |
//! |                 attributes …                                  |
//! ```

use core::net::SocketAddr;

use super::attribute::{Attribute, Attributes, UnknownAttributes, kind, read_xor_address};
use super::integrity;
use crate::dropped::Dropped;

pub(super) const HEADER_BYTES: usize = 20;
pub(super) const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Names a request and its answer (RFC 8489 §5): random, so that no stranger can guess it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Request,
    Indication,
    Success,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method(pub u16);

impl Method {
    pub const BINDING: Self = Self(1);
}

/// The 14 bits of the type: the class's two stand between the method's twelve (RFC 8489 §5).
pub(super) const fn encode_type(class: Class, method: Method) -> u16 {
    let m = method.0;
    let method_bits = (m & 0x000f) | (m & 0x0070) << 1 | (m & 0x0f80) << 2;
    let class_bits = match class {
        Class::Request => 0x0000,
        Class::Indication => 0x0010,
        Class::Success => 0x0100,
        Class::Error => 0x0110,
    };
    method_bits | class_bits
}

const fn decode_type(bits: u16) -> (Class, Method) {
    let class = match bits & 0x0110 {
        0x0000 => Class::Request,
        0x0010 => Class::Indication,
        0x0100 => Class::Success,
        _ => Class::Error,
    };
    let method = (bits & 0x000f) | (bits & 0x00e0) >> 1 | (bits & 0x3e00) >> 2;
    (class, Method(method))
}

/// A message with well-formed lengths. Its fields are claims until `check_integrity` has passed.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Class,
    method: Method,
    transaction_id: TransactionId,
    claims: Claims<'a>,
    unknown: UnknownAttributes,
    /// Where MESSAGE-INTEGRITY and FINGERPRINT begin.
    integrity_at: Option<usize>,
    fingerprint_at: Option<usize>,
}

/// What the attributes say. Of an attribute that comes twice the first counts (RFC 8489 §14).
#[derive(Clone, Debug, Default)]
struct Claims<'a> {
    username: Option<&'a str>,
    priority: Option<u32>,
    use_candidate: Option<bool>,
    ice_controlling: Option<u64>,
    ice_controlled: Option<u64>,
    xor_mapped_address: Option<SocketAddr>,
    error_code: Option<u16>,
}

impl<'a> Message<'a> {
    /// `bytes` is one whole datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Dropped> {
        let header = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or(Dropped::Truncated)?;
        let [t0, t1, l0, l1, c0, c1, c2, c3, id @ ..] = *header;
        if t0 & 0xc0 != 0 || u32::from_be_bytes([c0, c1, c2, c3]) != MAGIC_COOKIE {
            return Err(Dropped::Malformed);
        }
        let len = HEADER_BYTES + usize::from(u16::from_be_bytes([l0, l1]));
        if bytes.len() < len {
            return Err(Dropped::Truncated);
        }
        if bytes.len() != len || !len.is_multiple_of(4) {
            return Err(Dropped::Malformed);
        }
        let (class, method) = decode_type(u16::from_be_bytes([t0, t1]));
        let mut message = Self {
            bytes,
            class,
            method,
            transaction_id: TransactionId(id),
            claims: Claims::default(),
            unknown: UnknownAttributes::default(),
            integrity_at: None,
            fingerprint_at: None,
        };
        for attribute in Attributes::of(bytes) {
            message.take(attribute?)?;
        }
        Ok(message)
    }

    fn take(&mut self, attribute: Attribute<'a>) -> Result<(), Dropped> {
        if attribute.kind == kind::FINGERPRINT {
            self.fingerprint_at.get_or_insert(attribute.at);
            return Ok(());
        }
        // RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is not covered by it, so it is ignored.
        if self.integrity_at.is_some() {
            return Ok(());
        }
        let claims = &mut self.claims;
        match attribute.kind {
            kind::MESSAGE_INTEGRITY => self.integrity_at = Some(attribute.at),
            kind::USERNAME => {
                let name = core::str::from_utf8(attribute.value).map_err(|_| Dropped::Malformed)?;
                claims.username.get_or_insert(name);
            }
            kind::PRIORITY => {
                claims.priority.get_or_insert(attribute.u32()?);
            }
            kind::USE_CANDIDATE => {
                claims.use_candidate.get_or_insert(attribute.empty()?);
            }
            kind::ICE_CONTROLLING => {
                claims.ice_controlling.get_or_insert(attribute.u64()?);
            }
            kind::ICE_CONTROLLED => {
                claims.ice_controlled.get_or_insert(attribute.u64()?);
            }
            kind::XOR_MAPPED_ADDRESS => {
                let address = read_xor_address(attribute.value, self.transaction_id)?;
                claims.xor_mapped_address.get_or_insert(address);
            }
            kind::ERROR_CODE => {
                claims.error_code.get_or_insert(attribute.error_code()?);
            }
            kind::MAPPED_ADDRESS | kind::UNKNOWN_ATTRIBUTES => {}
            kind if kind < kind::FIRST_OPTIONAL => self.unknown.push(kind),
            _ => {}
        }
        Ok(())
    }

    /// FINGERPRINT there, last and right; then MESSAGE-INTEGRITY there and right under `key`, which
    /// for ICE is the password of whoever receives the request (RFC 8445 §7.2.2).
    pub fn check_integrity(&self, key: impl AsRef<[u8]>) -> Result<(), Dropped> {
        let fingerprint_at = self.fingerprint_at.ok_or(Dropped::StunBadIntegrity)?;
        integrity::check_fingerprint(self.bytes, fingerprint_at)?;
        let integrity_at = self.integrity_at.ok_or(Dropped::StunBadIntegrity)?;
        integrity::check_message_integrity(self.bytes, integrity_at, key.as_ref())
    }

    pub fn class(&self) -> Class {
        self.class
    }

    pub fn method(&self) -> Method {
        self.method
    }

    pub fn transaction_id(&self) -> TransactionId {
        self.transaction_id
    }

    /// The receiver's user name fragment, then the sender's (RFC 8445 §7.2.2).
    pub fn username(&self) -> Option<(&'a str, &'a str)> {
        self.claims.username?.split_once(':')
    }

    pub fn priority(&self) -> Option<u32> {
        self.claims.priority
    }

    pub fn use_candidate(&self) -> bool {
        self.claims.use_candidate.is_some()
    }

    /// The tie-breaker of a sender that takes the controlling role.
    pub fn ice_controlling(&self) -> Option<u64> {
        self.claims.ice_controlling
    }

    /// The tie-breaker of a sender that takes the controlled role.
    pub fn ice_controlled(&self) -> Option<u64> {
        self.claims.ice_controlled
    }

    pub fn xor_mapped_address(&self) -> Option<SocketAddr> {
        self.claims.xor_mapped_address
    }

    pub fn error_code(&self) -> Option<u16> {
        self.claims.error_code
    }

    /// Attributes that a request must not be served with (RFC 8489 §6.3.1).
    pub fn unknown_attributes(&self) -> UnknownAttributes {
        self.unknown
    }
}
