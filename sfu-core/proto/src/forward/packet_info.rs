//! What forwarding must know of a packet besides its payload: read once when it arrives, used for
//! every viewer.

use crate::control::Codec;
use crate::rtp::{Vp8Descriptor, Vp8Numbers, h264};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacketInfo {
    /// 32 bits from the wire, widened.
    pub timestamp: u64,
    pub marker: bool,
    /// A receiver that starts with this packet can decode.
    pub starts_key_frame: bool,
    /// RFC 6464 byte: voice flag and level.
    pub audio_level: Option<u8>,
    /// Bytes of padding it leaves with, to be as long as its neighbours.
    pub padding: u8,
    /// Absent in other codecs: then there is nothing to rewrite.
    pub vp8: Vp8Numbers,
}

impl PacketInfo {
    /// Reads what the codec's own header says of `payload`.
    pub(crate) fn read(codec: Codec, timestamp: u64, marker: bool, payload: &[u8]) -> Self {
        let mut info = Self {
            timestamp,
            marker,
            ..Self::default()
        };
        match codec {
            Codec::Opus => info.starts_key_frame = true,
            Codec::H264 => info.starts_key_frame = h264::starts_key_frame(payload),
            Codec::Vp8 => {
                if let Ok(descriptor) = Vp8Descriptor::parse(payload) {
                    info.starts_key_frame = descriptor.starts_key_frame(payload);
                    info.vp8 = descriptor.numbers();
                }
            }
        }
        info
    }
}
