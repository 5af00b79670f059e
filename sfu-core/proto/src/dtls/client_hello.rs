//! The ClientHello (RFC 5246 §7.4.1.2, with the cookie of RFC 6347 §4.2.1), as far as the core must
//! know it before an engine sees it: versions, suites, `use_srtp` (RFC 5764 §4.1.1) and
//! `extended_master_secret` (RFC 7627 §5.1). Read whole and strictly: nothing that does not add up
//! goes any further.
//!
//! ```text
//! version 2 | random 32 | session id 1+n | cookie 1+n | suites 2+n | compression 1+n | extensions 2+n
//! ```

use crate::srtp::Profile;

const EXTENSION_SUPPORTED_GROUPS: u16 = 10;
const EXTENSION_USE_SRTP: u16 = 14;
const EXTENSION_EXTENDED_MASTER_SECRET: u16 = 23;

/// Why a ClientHello cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadClientHello {
    #[error("the ClientHello is shorter than its lengths say")]
    Truncated,
    #[error("the ClientHello has a length that its field cannot have, or bytes left over")]
    Malformed,
}

/// A ClientHello, its fields still in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    pub version: [u8; 2],
    pub random: &'a [u8],
    pub session_id: &'a [u8],
    pub cookie: &'a [u8],
    /// All that stands after the cookie: suites, compression, extensions.
    pub after_cookie: &'a [u8],
    cipher_suites: &'a [u8],
    groups: Option<&'a [u8]>,
    srtp_profiles: Option<&'a [u8]>,
    pub extended_master_secret: bool,
}

impl<'a> ClientHello<'a> {
    /// Reads the body of a whole ClientHello message.
    pub fn parse(body: &'a [u8]) -> Result<Self, BadClientHello> {
        let mut rest = body;
        let version = take(&mut rest, 2)?;
        let random = take(&mut rest, 32)?;
        let session_id = vector8(&mut rest)?;
        if session_id.len() > 32 {
            return Err(BadClientHello::Malformed);
        }
        let cookie = vector8(&mut rest)?;
        let after_cookie = rest;
        let cipher_suites = vector16(&mut rest)?;
        if cipher_suites.is_empty() || cipher_suites.len() % 2 != 0 {
            return Err(BadClientHello::Malformed);
        }
        if vector8(&mut rest)?.is_empty() {
            return Err(BadClientHello::Malformed);
        }
        let mut hello = Self {
            version: [version[0], version[1]],
            random,
            session_id,
            cookie,
            after_cookie,
            cipher_suites,
            groups: None,
            srtp_profiles: None,
            extended_master_secret: false,
        };
        if !rest.is_empty() {
            hello.read_extensions(vector16(&mut rest)?)?;
        }
        if !rest.is_empty() {
            return Err(BadClientHello::Malformed);
        }
        Ok(hello)
    }

    pub fn cipher_suites(&self) -> impl Iterator<Item = u16> + use<'a> {
        numbers(self.cipher_suites)
    }

    /// `supported_groups` (RFC 8422 §5.1.1); `None` if the client does not say.
    pub fn groups(&self) -> Option<impl Iterator<Item = u16> + use<'a>> {
        self.groups.map(numbers)
    }

    /// The profiles of `use_srtp`, in the client's order; none without the extension.
    pub fn srtp_profiles(&self) -> impl Iterator<Item = u16> + use<'a> {
        numbers(self.srtp_profiles.unwrap_or_default())
    }

    /// The best profile that the client offers.
    pub fn best_srtp_profile(&self) -> Option<Profile> {
        Profile::best_of(self.srtp_profiles())
    }

    /// RFC 6347 §4.2.1: the second ClientHello must be the first one with the cookie put in.
    pub fn differs_in_cookie_only(&self, other: &ClientHello<'_>) -> bool {
        self.version == other.version
            && self.random == other.random
            && self.session_id == other.session_id
            && self.after_cookie == other.after_cookie
    }

    fn read_extensions(&mut self, mut rest: &'a [u8]) -> Result<(), BadClientHello> {
        while !rest.is_empty() {
            let kind = take(&mut rest, 2)?;
            let mut data = vector16(&mut rest)?;
            match u16::from_be_bytes([kind[0], kind[1]]) {
                EXTENSION_SUPPORTED_GROUPS => {
                    self.groups = Some(pairs(&mut data)?);
                }
                EXTENSION_USE_SRTP => {
                    self.srtp_profiles = Some(pairs(&mut data)?);
                    vector8(&mut data)?; // the master key identifier, which WebRTC never sets
                }
                EXTENSION_EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
                _ => data = &[],
            }
            if !data.is_empty() {
                return Err(BadClientHello::Malformed);
            }
        }
        Ok(())
    }
}

fn numbers<'a>(bytes: &'a [u8]) -> impl Iterator<Item = u16> + use<'a> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// A list of 16-bit numbers with its length before it.
fn pairs<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadClientHello> {
    let list = vector16(rest)?;
    if list.len() % 2 != 0 {
        return Err(BadClientHello::Malformed);
    }
    Ok(list)
}

fn vector8<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadClientHello> {
    let length = take(rest, 1)?[0];
    take(rest, usize::from(length))
}

fn vector16<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadClientHello> {
    let length = take(rest, 2)?;
    take(
        rest,
        usize::from(u16::from_be_bytes([length[0], length[1]])),
    )
}

/// Exactly `length` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], BadClientHello> {
    let (taken, left) = rest
        .split_at_checked(length)
        .ok_or(BadClientHello::Truncated)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests;
