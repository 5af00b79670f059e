//! The canonical name of a slot (RFC 3550 §6.5.1): made of its mid when a report needs it.

use crate::control::Mid;

const PREFIX: &[u8] = b"slot-";
const BYTES_MAX: usize = PREFIX.len() + 16;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cname {
    bytes: [u8; BYTES_MAX],
    len: usize,
}

impl Cname {
    pub(super) fn of(mid: Mid) -> Self {
        let mut bytes = [0; BYTES_MAX];
        let len = PREFIX.len() + mid.as_bytes().len();
        bytes[..PREFIX.len()].copy_from_slice(PREFIX);
        bytes[PREFIX.len()..len].copy_from_slice(mid.as_bytes());
        Self { bytes, len }
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("slot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Token;

    #[test]
    fn it_is_the_slot_of_the_mid() {
        for mid in ["7", "0123456789abcdef"] {
            let cname = Cname::of(Token::new(mid.as_bytes()).unwrap());
            assert_eq!(cname.as_str(), format!("slot-{mid}"));
        }
    }
}
