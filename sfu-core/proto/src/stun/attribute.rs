//! STUN attributes (RFC 8489 §14): type, length, value, and zero to three bytes up to a word.
//!
//! ```text
//!  0               1               2               3
//! |             type              |   length (without padding)    |
//! |                        value … padding                        |
//! ```

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::{HEADER_BYTES, MAGIC_COOKIE, TransactionId};
use crate::dropped::Dropped;

/// Attribute types: RFC 8489 §18.3 and RFC 8445 §16.1.
pub(crate) mod kind {
    pub(crate) const MAPPED_ADDRESS: u16 = 0x0001;
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const PRIORITY: u16 = 0x0024;
    pub(crate) const USE_CANDIDATE: u16 = 0x0025;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
    pub(crate) const ICE_CONTROLLED: u16 = 0x8029;
    pub(crate) const ICE_CONTROLLING: u16 = 0x802a;

    /// A receiver must understand types below this one, or refuse the request (RFC 8489 §14).
    pub(crate) const FIRST_OPTIONAL: u16 = 0x8000;
}

/// Bytes of an attribute's type and length.
pub(super) const HEAD_BYTES: usize = 4;

/// Bytes that an attribute with a value of `len` bytes takes, padding included.
pub(super) const fn padded(len: usize) -> usize {
    HEAD_BYTES + len.next_multiple_of(4)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) kind: u16,
    /// Offset of its first byte in the message.
    pub(super) at: usize,
    pub(super) value: &'a [u8],
}

impl Attribute<'_> {
    pub(super) fn u32(&self) -> Result<u32, Dropped> {
        let value = self.value.try_into().map_err(|_| Dropped::Malformed)?;
        Ok(u32::from_be_bytes(value))
    }

    pub(super) fn u64(&self) -> Result<u64, Dropped> {
        let value = self.value.try_into().map_err(|_| Dropped::Malformed)?;
        Ok(u64::from_be_bytes(value))
    }

    pub(super) fn empty(&self) -> Result<bool, Dropped> {
        if self.value.is_empty() {
            Ok(true)
        } else {
            Err(Dropped::Malformed)
        }
    }

    /// RFC 8489 §14.8: class (hundreds) in the low three bits of the third byte, the rest in the
    /// fourth.
    pub(super) fn error_code(&self) -> Result<u16, Dropped> {
        match self.value.first_chunk::<4>() {
            Some(&[_, _, class, number]) if (3..=6).contains(&(class & 7)) && number < 100 => {
                Ok(u16::from(class & 7) * 100 + u16::from(number))
            }
            _ => Err(Dropped::Malformed),
        }
    }
}

/// Walks the attributes of a message in place; ends after the first that does not fit.
pub(super) struct Attributes<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    /// `message` is a whole message, header included; its length is a multiple of four, so where a
    /// value fits, its padding does.
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self {
            message,
            at: HEADER_BYTES,
        }
    }

    fn take(&mut self) -> Option<Attribute<'a>> {
        let rest = self.message.get(self.at..)?;
        let head = rest.first_chunk::<HEAD_BYTES>()?;
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let attribute = Attribute {
            kind: u16::from_be_bytes([head[0], head[1]]),
            at: self.at,
            value: rest.get(HEAD_BYTES..HEAD_BYTES + len)?,
        };
        self.at += padded(len);
        Some(attribute)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Dropped>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let taken = self.take();
        if taken.is_none() {
            self.at = self.message.len();
        }
        Some(taken.ok_or(Dropped::Malformed))
    }
}

/// How many unknown attributes an answer names. It bounds the answer; a request with more is told
/// of the first ones.
pub const UNKNOWN_ATTRIBUTES_MAX: usize = 8;

/// Comprehension-required attributes of a request that we do not understand (RFC 8489 §6.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnknownAttributes {
    kinds: [u16; UNKNOWN_ATTRIBUTES_MAX],
    count: u8,
}

impl UnknownAttributes {
    pub(super) fn push(&mut self, kind: u16) {
        if let Some(free) = self.kinds.get_mut(usize::from(self.count)) {
            *free = kind;
            self.count += 1;
        }
    }

    pub fn kinds(&self) -> &[u16] {
        self.kinds
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

const FAMILY_IPV4: u8 = 1;
const FAMILY_IPV6: u8 = 2;

/// Bytes of an address attribute's value.
pub(super) const fn address_len(address: SocketAddr) -> usize {
    match address {
        SocketAddr::V4(_) => 8,
        SocketAddr::V6(_) => 20,
    }
}

/// RFC 8489 §14.2: the port is hidden by the cookie's upper half, the address by the cookie and,
/// for IPv6, the transaction id, since some NATs rewrite whatever looks like an address.
pub(super) fn read_xor_address(value: &[u8], id: TransactionId) -> Result<SocketAddr, Dropped> {
    let (&[_, family, port_high, port_low], hidden) =
        value.split_first_chunk().ok_or(Dropped::Malformed)?;
    let port = u16::from_be_bytes([port_high, port_low]) ^ PORT_MASK;
    let ip = match family {
        FAMILY_IPV4 => {
            let bytes = hidden.try_into().map_err(|_| Dropped::Malformed)?;
            IpAddr::V4(Ipv4Addr::from_bits(
                u32::from_be_bytes(bytes) ^ MAGIC_COOKIE,
            ))
        }
        FAMILY_IPV6 => {
            let bytes = hidden.try_into().map_err(|_| Dropped::Malformed)?;
            IpAddr::V6(Ipv6Addr::from_bits(
                u128::from_be_bytes(bytes) ^ ipv6_mask(id),
            ))
        }
        _ => return Err(Dropped::Malformed),
    };
    Ok(SocketAddr::new(ip, port))
}

/// Fills `value`, which is `address_len(address)` long.
pub(super) fn write_xor_address(value: &mut [u8], address: SocketAddr, id: TransactionId) {
    let (head, ip) = value.split_at_mut(4);
    let family = match address.ip() {
        IpAddr::V4(v4) => {
            ip.copy_from_slice(&(v4.to_bits() ^ MAGIC_COOKIE).to_be_bytes());
            FAMILY_IPV4
        }
        IpAddr::V6(v6) => {
            ip.copy_from_slice(&(v6.to_bits() ^ ipv6_mask(id)).to_be_bytes());
            FAMILY_IPV6
        }
    };
    let [high, low] = (address.port() ^ PORT_MASK).to_be_bytes();
    head.copy_from_slice(&[0, family, high, low]);
}

const PORT_MASK: u16 = 0x2112;

fn ipv6_mask(id: TransactionId) -> u128 {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(&id.0);
    u128::from_be_bytes(mask)
}
