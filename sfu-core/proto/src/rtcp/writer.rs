//! Composes outgoing RTCP packets (RFC 3550 §6.1) in a scratch area of one datagram. Each file of a
//! packet kind adds the method that writes it.

use super::header;

/// The packet does not fit: into the room that is left, or into the count of its header. Nothing was
/// written; start another datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for this RTCP packet; start another datagram")]
pub struct Full;

/// Appends packets to `out`, one behind the other.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Bytes written so far.
    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.out[..self.len]
    }

    /// Room for the body of one more packet.
    pub(super) fn body_room(&mut self) -> &mut [u8] {
        self.out
            .get_mut(self.len + header::BYTES..)
            .unwrap_or_default()
    }

    /// Writes a header and gives the body, exactly `body_len` bytes, whole words, for the caller to
    /// fill. What [`Self::body_room`] put there stays.
    pub(super) fn packet(
        &mut self,
        packet_type: u8,
        count: usize,
        body_len: usize,
    ) -> Result<&mut [u8], Full> {
        debug_assert!(body_len.is_multiple_of(4), "RTCP counts in words");
        let words = u16::try_from(body_len / 4).map_err(|_| Full)?;
        let count = u8::try_from(count).map_err(|_| Full)?;
        if usize::from(count) > header::COUNT_MAX {
            return Err(Full);
        }
        let end = self.len + header::BYTES + body_len;
        let packet = self.out.get_mut(self.len..end).ok_or(Full)?;
        self.len = end;
        let (head, body) = packet.split_at_mut(header::BYTES);
        head[..2].copy_from_slice(&[0x80 | count, packet_type]);
        head[2..].copy_from_slice(&words.to_be_bytes());
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_stand_one_behind_the_other() {
        let mut out = [0xee; 16];
        let mut writer = Writer::new(&mut out);
        writer.packet(203, 1, 4).unwrap().fill(1);
        writer.packet(204, 2, 0).unwrap();
        assert_eq!(
            writer.as_bytes(),
            [0x81, 203, 0, 1, 1, 1, 1, 1, 0x82, 204, 0, 0]
        );
    }

    #[test]
    fn full_is_said_and_changes_nothing() {
        let mut out = [0xee; 11];
        let mut writer = Writer::new(&mut out);
        writer.packet(203, 1, 4).unwrap().fill(1);
        assert_eq!(writer.packet(203, 1, 0), Err(Full));
        assert_eq!((writer.len(), writer.body_room().len()), (8, 0));
        let mut out = [0xee; 8];
        assert_eq!(Writer::new(&mut out).packet(203, 32, 4), Err(Full));
        assert_eq!(out, [0xee; 8]);
    }
}
