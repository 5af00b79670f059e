//! Handshake messages and their fragments (RFC 6347 §4.2.2, §4.2.3). A message's length, place and
//! bytes are claims of an unauthenticated sender: memory is bounded by `limits` and claims that
//! contradict each other are both forgotten, so that the peer's repetition decides.
//!
//! ```text
//!  0      1               4                 6                 9                 12
//! | type | length         | message seq     | fragment offset | fragment length | body ...
//! ```

use crate::limits::{HANDSHAKE_BYTES_MAX, HANDSHAKE_MESSAGES_MAX};

/// Bytes before a fragment's body.
pub const HEADER_BYTES: usize = 12;

/// Types of messages that the core tells apart (RFC 5246 §7.4, RFC 6347 §4.3.2).
pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const HELLO_VERIFY_REQUEST: u8 = 3;
pub const CLIENT_KEY_EXCHANGE: u8 = 16;

/// Why a fragment was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFragment {
    /// Shorter than its header says.
    Truncated,
    /// No bytes of a message that has some: it would never end.
    Empty,
    /// Reaches beyond the length of its message.
    Beyond,
    /// The message, or all that is held, would be longer than `limits` allows.
    TooLong,
    /// Its message is none of this handshake.
    OutOfWindow,
    /// Another fragment of the same message says otherwise.
    Contradiction,
}

/// One fragment, mostly a whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    pub kind: u8,
    /// Length of the whole message.
    pub length: usize,
    pub sequence: u16,
    pub offset: usize,
    pub body: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Takes the first fragment off a record's plaintext: a record may hold several.
    pub fn split_first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), BadFragment> {
        let (header, rest) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(BadFragment::Truncated)?;
        let length = u24([header[1], header[2], header[3]]);
        let offset = u24([header[6], header[7], header[8]]);
        let body_length = u24([header[9], header[10], header[11]]);
        let (body, rest) = rest
            .split_at_checked(body_length)
            .ok_or(BadFragment::Truncated)?;
        if offset + body_length > length {
            return Err(BadFragment::Beyond);
        }
        if body.is_empty() && length > 0 {
            return Err(BadFragment::Empty);
        }
        let fragment = Self {
            kind: header[0],
            length,
            sequence: u16::from_be_bytes([header[4], header[5]]),
            offset,
            body,
        };
        Ok((fragment, rest))
    }
}

fn u24(bytes: [u8; 3]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

/// What became of a fragment that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Held; [`Reassembler::whole`] may now have something.
    Held,
    /// It belongs to a message that has been accepted: the peer repeats its flight.
    Repeated,
}

/// A whole message, the next in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub kind: u8,
    pub sequence: u16,
    /// Header, as of one single fragment, and body.
    pub bytes: &'a [u8],
}

impl<'a> Message<'a> {
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or_default()
    }
}

/// Puts the messages of one handshake together and gives them out in order. Holds at most
/// `HANDSHAKE_BYTES_MAX`.
#[derive(Debug, Default)]
pub struct Reassembler {
    next: u16,
    partials: Vec<Partial>,
}

#[derive(Debug)]
struct Partial {
    kind: u8,
    sequence: u16,
    bytes: Vec<u8>,
    /// Which bytes of the body have come.
    filled: Vec<bool>,
    missing: usize,
}

impl Reassembler {
    pub fn push(&mut self, fragment: &Fragment<'_>) -> Result<Progress, BadFragment> {
        if fragment.sequence < self.next {
            return Ok(Progress::Repeated);
        }
        if fragment.sequence >= HANDSHAKE_MESSAGES_MAX {
            return Err(BadFragment::OutOfWindow);
        }
        let index = self.partial_of(fragment)?;
        if self.partials[index].fill(fragment).is_err() {
            self.partials.swap_remove(index);
            return Err(BadFragment::Contradiction);
        }
        Ok(Progress::Held)
    }

    /// The next message in order, once it is whole. It stays until it is accepted or discarded.
    pub fn whole(&self) -> Option<Message<'_>> {
        let partial = self
            .partials
            .iter()
            .find(|partial| partial.sequence == self.next && partial.missing == 0)?;
        Some(Message {
            kind: partial.kind,
            sequence: partial.sequence,
            bytes: &partial.bytes,
        })
    }

    /// Moves on to the message after the next.
    pub fn accept(&mut self) {
        self.discard();
        self.next = self.next.saturating_add(1);
    }

    /// Forgets the next message; another of the same number may take its place.
    pub fn discard(&mut self) {
        let next = self.next;
        self.partials.retain(|partial| partial.sequence != next);
    }

    /// Where the fragment's message is put together. An earlier message pushes later ones out, so
    /// that a forged later one cannot keep the handshake from going on.
    fn partial_of(&mut self, fragment: &Fragment<'_>) -> Result<usize, BadFragment> {
        let sequence = fragment.sequence;
        if let Some(index) = self.partials.iter().position(|p| p.sequence == sequence) {
            return Ok(index);
        }
        if fragment.length > HANDSHAKE_BYTES_MAX {
            return Err(BadFragment::TooLong);
        }
        if self.held() + fragment.length > HANDSHAKE_BYTES_MAX {
            self.partials.retain(|partial| partial.sequence < sequence);
        }
        if self.held() + fragment.length > HANDSHAKE_BYTES_MAX {
            return Err(BadFragment::TooLong);
        }
        self.partials.push(Partial::new(fragment));
        Ok(self.partials.len() - 1)
    }

    fn held(&self) -> usize {
        self.partials
            .iter()
            .map(|partial| partial.filled.len())
            .sum()
    }
}

impl Partial {
    fn new(fragment: &Fragment<'_>) -> Self {
        let length = fragment.length;
        // RFC 6347 §4.2.6: the handshake hash sees each message as if it had come in one piece.
        let mut bytes = vec![fragment.kind];
        let length_field = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        bytes.extend(&length_field[1..]);
        bytes.extend(fragment.sequence.to_be_bytes());
        bytes.extend([0, 0, 0]);
        bytes.extend(&length_field[1..]);
        bytes.resize(HEADER_BYTES + length, 0);
        Self {
            kind: fragment.kind,
            sequence: fragment.sequence,
            bytes,
            filled: vec![false; length],
            missing: length,
        }
    }

    /// RFC 6347 §4.2.3: overlapping fragments MUST be handled, since a peer may repeat a message in
    /// smaller pieces. Where they overlap they must agree.
    fn fill(&mut self, fragment: &Fragment<'_>) -> Result<(), BadFragment> {
        if fragment.kind != self.kind || fragment.length != self.filled.len() {
            return Err(BadFragment::Contradiction);
        }
        let body = self.bytes.get_mut(HEADER_BYTES..).unwrap_or_default();
        let places = body.iter_mut().zip(&mut self.filled).skip(fragment.offset);
        for ((place, filled), byte) in places.zip(fragment.body) {
            if *filled && place != byte {
                return Err(BadFragment::Contradiction);
            }
            if !*filled {
                *place = *byte;
                *filled = true;
                self.missing -= 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
