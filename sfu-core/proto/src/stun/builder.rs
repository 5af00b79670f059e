//! Writes STUN messages (RFC 8489) into a slot of exactly their length: ask `encoded_len`, take the slot,
//! `write`. No SOFTWARE and no reason phrase: an answer is never longer than it must be.

use core::net::SocketAddr;

use super::attribute::{
    HEAD_BYTES, UnknownAttributes, address_len, kind, padded, write_xor_address,
};
use super::integrity::{self, CRC_BYTES, HMAC_BYTES};
use super::message::{Class, HEADER_BYTES, MAGIC_COOKIE, Method, TransactionId, encode_type};

/// What every message of ours begins and ends with.
const FRAME_BYTES: usize = HEADER_BYTES + padded(HMAC_BYTES) + padded(CRC_BYTES);

/// An answer to a binding request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// The address that the request came from.
    Success(SocketAddr),
    /// 400: an attribute is missing (RFC 8489 §14.8).
    BadRequest,
    /// 420: comprehension-required attributes that we do not understand (RFC 8489 §6.3.1).
    UnknownAttribute(UnknownAttributes),
    /// 487: both sides think that they are controlled (RFC 8445 §7.3.1.1).
    RoleConflict,
}

impl Response {
    /// Bytes of the whole message.
    pub fn encoded_len(&self) -> usize {
        FRAME_BYTES
            + match self {
                Self::Success(address) => padded(address_len(*address)),
                Self::BadRequest | Self::RoleConflict => padded(ERROR_BYTES),
                Self::UnknownAttribute(unknown) => {
                    padded(ERROR_BYTES) + padded(2 * unknown.kinds().len())
                }
            }
    }

    /// Fills `out`, which must be `encoded_len()` long. `key` is the one that the request was signed with.
    pub fn write(&self, id: TransactionId, key: impl AsRef<[u8]>, out: &mut [u8]) {
        let class = match self {
            Self::Success(_) => Class::Success,
            _ => Class::Error,
        };
        let mut writer = Writer::start(out, class, id);
        match self {
            Self::Success(address) => {
                let value = writer.attribute(kind::XOR_MAPPED_ADDRESS, address_len(*address));
                write_xor_address(value, *address, id);
            }
            Self::BadRequest => writer.error(400),
            Self::UnknownAttribute(unknown) => {
                writer.error(420);
                let kinds = unknown.kinds();
                let value = writer.attribute(kind::UNKNOWN_ATTRIBUTES, 2 * kinds.len());
                for (place, kind) in value.chunks_exact_mut(2).zip(kinds) {
                    place.copy_from_slice(&kind.to_be_bytes());
                }
            }
            Self::RoleConflict => writer.error(487),
        }
        writer.seal(key.as_ref());
    }
}

/// Which side of the pair decides (RFC 8445 §6.1.1), with the tie-breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Controlling(u64),
    Controlled(u64),
}

/// A connectivity check as a full agent sends it (RFC 8445 §7.2.2). Synthetic clients use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// User name fragments: the receiver's, then the sender's.
    pub username: (&'a str, &'a str),
    pub priority: u32,
    pub use_candidate: bool,
    pub role: Role,
}

impl Request<'_> {
    /// Bytes of the whole message.
    pub fn encoded_len(&self) -> usize {
        let nomination = if self.use_candidate { padded(0) } else { 0 };
        FRAME_BYTES + padded(self.username_len()) + padded(4) + nomination + padded(8)
    }

    /// Fills `out`, which must be `encoded_len()` long. `key` is the receiver's password.
    pub fn write(&self, id: TransactionId, key: impl AsRef<[u8]>, out: &mut [u8]) {
        let mut writer = Writer::start(out, Class::Request, id);
        let (receiver, sender) = self.username;
        let username = writer.attribute(kind::USERNAME, self.username_len());
        let (first, rest) = username.split_at_mut(receiver.len());
        first.copy_from_slice(receiver.as_bytes());
        rest[0] = b':';
        rest[1..].copy_from_slice(sender.as_bytes());
        writer.value(kind::PRIORITY, &self.priority.to_be_bytes());
        if self.use_candidate {
            writer.value(kind::USE_CANDIDATE, &[]);
        }
        match self.role {
            Role::Controlling(tie) => writer.value(kind::ICE_CONTROLLING, &tie.to_be_bytes()),
            Role::Controlled(tie) => writer.value(kind::ICE_CONTROLLED, &tie.to_be_bytes()),
        }
        writer.seal(key.as_ref());
    }

    fn username_len(&self) -> usize {
        self.username.0.len() + 1 + self.username.1.len()
    }
}

/// Bytes of ERROR-CODE without a reason phrase.
const ERROR_BYTES: usize = 4;

/// Appends attributes to a binding message. A slot of the wrong length is a bug of the caller and
/// panics; nothing that comes from the network reaches these lengths unbounded.
pub(super) struct Writer<'a> {
    out: &'a mut [u8],
    used: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn start(out: &'a mut [u8], class: Class, id: TransactionId) -> Self {
        let message_type = encode_type(class, Method::BINDING).to_be_bytes();
        out[..2].copy_from_slice(&message_type);
        out[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        out[8..HEADER_BYTES].copy_from_slice(&id.0);
        Self {
            out,
            used: HEADER_BYTES,
        }
    }

    /// Room for a value of `len` bytes; the padding behind it is zero.
    pub(super) fn attribute(&mut self, kind: u16, len: usize) -> &mut [u8] {
        let attribute = &mut self.out[self.used..self.used + padded(len)];
        self.used += attribute.len();
        let (head, value) = attribute.split_at_mut(HEAD_BYTES);
        let len_field = u16::try_from(len).unwrap_or(u16::MAX);
        head[..2].copy_from_slice(&kind.to_be_bytes());
        head[2..].copy_from_slice(&len_field.to_be_bytes());
        let (value, padding) = value.split_at_mut(len);
        padding.fill(0);
        value
    }

    pub(super) fn value(&mut self, kind: u16, value: &[u8]) {
        self.attribute(kind, value.len()).copy_from_slice(value);
    }

    fn error(&mut self, code: u16) {
        let (class, number) = (code / 100, code % 100);
        let code = u32::from(class) << 8 | u32::from(number);
        self.value(kind::ERROR_CODE, &code.to_be_bytes());
    }

    /// MESSAGE-INTEGRITY, then FINGERPRINT, which ends the message.
    pub(super) fn seal(mut self, key: &[u8]) {
        let covered = self.used;
        integrity::write_length(self.out, covered + padded(HMAC_BYTES));
        let tag = integrity::message_integrity(&self.out[..covered], key);
        self.value(kind::MESSAGE_INTEGRITY, tag.as_ref());

        let covered = self.used;
        integrity::write_length(self.out, covered + padded(CRC_BYTES));
        let fingerprint = integrity::fingerprint(&self.out[..covered]);
        self.value(kind::FINGERPRINT, &fingerprint.to_be_bytes());
        assert_eq!(
            self.used,
            self.out.len(),
            "the slot is the message's length"
        );
    }
}
