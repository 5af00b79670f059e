//! Frames on the control socket: a 32-bit big-endian length, then that many bytes of postcard.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest frame that either side takes. The longest is a snapshot: a full worker has 8,000 sessions
/// of up to 32 slots, some 25 bytes each, so this holds twenty full workers.
pub const FRAME_BYTES_MAX: usize = 128 << 20;

const LENGTH_BYTES: usize = 4;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    #[error("a frame of {0} bytes; the limit is {FRAME_BYTES_MAX}")]
    TooLong(usize),
    #[error("a frame that does not decode: the other side speaks another version")]
    Undecodable,
}

/// Appends one frame to `out`.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let body = postcard::to_allocvec(message).map_err(|_| FrameError::Undecodable)?;
    let length = u32::try_from(body.len()).map_err(|_| FrameError::TooLong(body.len()))?;
    if body.len() > FRAME_BYTES_MAX {
        return Err(FrameError::TooLong(body.len()));
    }
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&body);
    Ok(())
}

/// Takes the first whole frame off `buffer`, or `None` until more bytes have come.
pub fn decode<T: DeserializeOwned>(buffer: &mut Vec<u8>) -> Result<Option<T>, FrameError> {
    let Some(length) = buffer.first_chunk::<LENGTH_BYTES>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::TooLong(length));
    }
    let Some(body) = buffer.get(LENGTH_BYTES..LENGTH_BYTES + length) else {
        return Ok(None);
    };
    let message = postcard::from_bytes(body).map_err(|_| FrameError::Undecodable)?;
    buffer.drain(..LENGTH_BYTES + length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::super::ToCore;
    use super::*;

    #[test]
    fn a_frame_comes_back_whole_and_alone() {
        let mut wire = Vec::new();
        encode(&ToCore::Hello { version: 1 }, &mut wire).unwrap();
        encode(&ToCore::Snapshot, &mut wire).unwrap();
        let mut received = Vec::new();
        let mut messages = Vec::new();
        for byte in wire {
            received.push(byte);
            messages.extend(decode::<ToCore>(&mut received).unwrap());
        }
        assert_eq!(messages, [ToCore::Hello { version: 1 }, ToCore::Snapshot]);
        assert!(received.is_empty());
    }

    #[test]
    fn a_broken_length_is_an_error_not_an_allocation() {
        let mut wire = vec![0xff; 8];
        assert_eq!(
            decode::<ToCore>(&mut wire),
            Err(FrameError::TooLong(0xffff_ffff))
        );
    }

    #[test]
    fn garbage_is_said_to_be_garbage() {
        let mut wire = vec![0, 0, 0, 1, 0x7f];
        assert_eq!(decode::<ToCore>(&mut wire), Err(FrameError::Undecodable));
    }
}
