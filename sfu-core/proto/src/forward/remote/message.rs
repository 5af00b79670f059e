//! What parts of a meeting say to each other: fixed fields in network byte order, then the payload.
//!
//! ```text
//!  all      0 kind                4 index of a layer or track    8 meeting (16)
//!
//!  packet   0 kind = 1 | 1 flags | 2 audio level | 3 TL0PICIDX    4 layer
//!          24 generation         28 has 15 bits, picture id (1 + 15 bits), zero (2)
//!          32 sequence (8)       40 timestamp (8)               48 arrival (8)
//!          56 payload, without padding and repair header
//!  track    0 kind = 2 | 1 source | 2 codec | 3 layers            4 track
//!          24 participant        28 live, a bit each | 29 has spoken | 30 loudness | 31 zero
//!          32 last speech (8)    40 three times: index, generation
//!  gone     0 kind = 3                                            4 track
//!  wish     0 kind = 4 | 1 flags                                  4 layer
//!          24 generation
//! ```
//!
//! Indices and generations are those of the worker that publishes. Times are the core's clock, which
//! all workers share. No epoch: a ring lives no longer than the workers at its ends, so that nothing
//! of a former owner can come out of it.

use super::super::layer::LayerKey;
use super::super::packet_info::PacketInfo;
use crate::control::{Codec, Source};
use crate::dropped::Dropped;
use crate::ids::{MeetingId, ParticipantId};
use crate::limits::{DATAGRAM_BYTES_MAX, HANDOVER_BYTES_MAX, RIDS_PER_LINE_MAX};
use crate::rtp::Vp8Numbers;
use crate::rtp::vp8::PictureId;
use crate::time::Instant;

const PACKET: u8 = 1;
const TRACK: u8 = 2;
const GONE: u8 = 3;
const WISH: u8 = 4;

const ENVELOPE_BYTES: usize = 24;
const PACKET_BYTES: usize = 56;
const TRACK_BYTES: usize = 40 + 8 * RIDS_PER_LINE_MAX;
const WISH_BYTES: usize = 28;
const _: () = assert!(PACKET_BYTES + DATAGRAM_BYTES_MAX <= HANDOVER_BYTES_MAX);

const MARKER: u8 = 1;
const STARTS_KEY_FRAME: u8 = 1 << 1;
const HAS_LEVEL: u8 = 1 << 2;
const HAS_PICTURE_ID: u8 = 1 << 3;
const HAS_TL0: u8 = 1 << 4;

const IS_15_BIT: u16 = 1 << 15;

const WATCHED: u8 = 1;
const KEY_FRAME: u8 = 1 << 1;

const SOURCES: [Source; 3] = Source::ALL;
const CODECS: [Codec; 3] = Codec::ALL;

/// One packet of a layer, repaired and in plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketNews<'a> {
    pub layer: LayerKey,
    pub sequence: u64,
    pub arrival: Instant,
    pub info: PacketInfo,
    pub payload: &'a [u8],
}

/// How a track stands at its publisher's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrackNews {
    pub track: u32,
    pub participant: ParticipantId,
    pub source: Source,
    pub codec: Codec,
    /// Lowest quality first, and whether media of it flows.
    pub layers: [Option<(LayerKey, bool)>; RIDS_PER_LINE_MAX],
    /// Of a voice, smoothed: −dBov.
    pub loudness: u8,
    pub last_speech: Option<Instant>,
}

/// What a part wants of a layer that another publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub layer: LayerKey,
    pub is_watched: bool,
    pub key_frame: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Packet(PacketNews<'a>),
    Track(TrackNews),
    Gone { track: u32 },
    Wish(Wish),
}

/// Writes a message about `meeting` into `out`, which has `HANDOVER_BYTES_MAX`; says how long it is.
pub(super) fn encode(meeting: MeetingId, message: &Message<'_>, out: &mut [u8]) -> usize {
    let (kind, index) = match message {
        Message::Packet(packet) => (PACKET, packet.layer.index),
        Message::Track(news) => (TRACK, news.track),
        Message::Gone { track } => (GONE, *track),
        Message::Wish(wish) => (WISH, wish.layer.index),
    };
    out[..4].copy_from_slice(&[kind, 0, 0, 0]);
    put(out, 4, index.to_be_bytes());
    put(out, 8, meeting.0.to_be_bytes());
    match message {
        Message::Packet(packet) => encode_packet(packet, out),
        Message::Track(news) => encode_track(news, out),
        Message::Gone { .. } => ENVELOPE_BYTES,
        Message::Wish(wish) => {
            out[1] = flag(WATCHED, wish.is_watched) | flag(KEY_FRAME, wish.key_frame);
            put(out, 24, wish.layer.generation.to_be_bytes());
            WISH_BYTES
        }
    }
}

fn encode_packet(packet: &PacketNews<'_>, out: &mut [u8]) -> usize {
    let (info, vp8) = (&packet.info, &packet.info.vp8);
    out[1] = flag(MARKER, info.marker)
        | flag(STARTS_KEY_FRAME, info.starts_key_frame)
        | flag(HAS_LEVEL, info.audio_level.is_some())
        | flag(HAS_PICTURE_ID, vp8.picture_id.is_some())
        | flag(HAS_TL0, vp8.tl0picidx.is_some());
    out[2] = info.audio_level.unwrap_or_default();
    out[3] = vp8.tl0picidx.unwrap_or_default();
    put(out, 24, packet.layer.generation.to_be_bytes());
    put(
        out,
        28,
        vp8.picture_id.map_or(0, picture_id_bits).to_be_bytes(),
    );
    put(out, 30, [0, 0]);
    put(out, 32, packet.sequence.to_be_bytes());
    put(out, 40, info.timestamp.to_be_bytes());
    put(out, 48, packet.arrival.as_nanos().to_be_bytes());
    // A payload came in a datagram, and so fits.
    let len = packet.payload.len().min(out.len() - PACKET_BYTES);
    out[PACKET_BYTES..PACKET_BYTES + len].copy_from_slice(&packet.payload[..len]);
    PACKET_BYTES + len
}

fn encode_track(news: &TrackNews, out: &mut [u8]) -> usize {
    let place = |place: Option<usize>| place.and_then(|place| u8::try_from(place).ok());
    out[1] = place(SOURCES.iter().position(|source| *source == news.source)).unwrap_or(u8::MAX);
    out[2] = place(CODECS.iter().position(|codec| *codec == news.codec)).unwrap_or(u8::MAX);
    put(out, 24, news.participant.0.to_be_bytes());
    let spoken = u8::from(news.last_speech.is_some());
    put(out, 28, [0, spoken, news.loudness, 0]);
    let last_speech = news.last_speech.unwrap_or_default();
    put(out, 32, last_speech.as_nanos().to_be_bytes());
    for (place, layer) in news.layers.iter().enumerate() {
        let at = 40 + 8 * place;
        put(out, at, [0; 8]);
        if let Some((key, is_live)) = layer {
            out[3] += 1;
            out[28] |= u8::from(*is_live) << place;
            put(out, at, key.index.to_be_bytes());
            put(out, at + 4, key.generation.to_be_bytes());
        }
    }
    TRACK_BYTES
}

/// Reads a message, and which meeting it is about.
pub(crate) fn decode(bytes: &[u8]) -> Result<(MeetingId, Message<'_>), Dropped> {
    let [kind, flags, ..] = *get::<4>(bytes, 0)?;
    let index = u32::from_be_bytes(*get(bytes, 4)?);
    let meeting = MeetingId(u128::from_be_bytes(*get(bytes, 8)?));
    let message = match kind {
        PACKET => Message::Packet(decode_packet(index, bytes)?),
        TRACK => Message::Track(decode_track(index, bytes)?),
        GONE => Message::Gone { track: index },
        WISH => Message::Wish(Wish {
            layer: LayerKey {
                index,
                generation: u32::from_be_bytes(*get(bytes, 24)?),
            },
            is_watched: flags & WATCHED != 0,
            key_frame: flags & KEY_FRAME != 0,
        }),
        _ => return Err(Dropped::Malformed),
    };
    Ok((meeting, message))
}

fn decode_packet(index: u32, bytes: &[u8]) -> Result<PacketNews<'_>, Dropped> {
    let [_, flags, level, tl0] = *get(bytes, 0)?;
    let has = |flag: u8| flags & flag != 0;
    let picture_id = u16::from_be_bytes(*get(bytes, 28)?);
    Ok(PacketNews {
        layer: LayerKey {
            index,
            generation: u32::from_be_bytes(*get(bytes, 24)?),
        },
        sequence: u64::from_be_bytes(*get(bytes, 32)?),
        arrival: Instant::from_nanos(u64::from_be_bytes(*get(bytes, 48)?)),
        info: PacketInfo {
            timestamp: u64::from_be_bytes(*get(bytes, 40)?),
            marker: has(MARKER),
            starts_key_frame: has(STARTS_KEY_FRAME),
            audio_level: has(HAS_LEVEL).then_some(level),
            // Each part decides for its own viewers.
            padding: 0,
            vp8: Vp8Numbers {
                picture_id: has(HAS_PICTURE_ID).then_some(PictureId {
                    value: picture_id & !IS_15_BIT,
                    is_15_bit: picture_id & IS_15_BIT != 0,
                }),
                tl0picidx: has(HAS_TL0).then_some(tl0),
            },
        },
        payload: bytes.get(PACKET_BYTES..).ok_or(Dropped::Truncated)?,
    })
}

fn decode_track(track: u32, bytes: &[u8]) -> Result<TrackNews, Dropped> {
    let [_, source, codec, count] = *get(bytes, 0)?;
    let [live, has_spoken, loudness, _] = *get(bytes, 28)?;
    let count = usize::from(count);
    if count == 0 || count > RIDS_PER_LINE_MAX {
        return Err(Dropped::Malformed);
    }
    let mut layers = [None; RIDS_PER_LINE_MAX];
    for (place, layer) in layers.iter_mut().enumerate() {
        let key = LayerKey {
            index: u32::from_be_bytes(*get(bytes, 40 + 8 * place)?),
            generation: u32::from_be_bytes(*get(bytes, 44 + 8 * place)?),
        };
        *layer = (place < count).then_some((key, live >> place & 1 == 1));
    }
    let last_speech = u64::from_be_bytes(*get(bytes, 32)?);
    let named = |place: u8| usize::from(place);
    Ok(TrackNews {
        track,
        participant: ParticipantId(u32::from_be_bytes(*get(bytes, 24)?)),
        source: *SOURCES.get(named(source)).ok_or(Dropped::Malformed)?,
        codec: *CODECS.get(named(codec)).ok_or(Dropped::Malformed)?,
        layers,
        loudness,
        last_speech: (has_spoken == 1).then_some(Instant::from_nanos(last_speech)),
    })
}

const fn picture_id_bits(id: PictureId) -> u16 {
    id.value | if id.is_15_bit { IS_15_BIT } else { 0 }
}

const fn flag(flag: u8, is_set: bool) -> u8 {
    if is_set { flag } else { 0 }
}

fn put<const N: usize>(out: &mut [u8], at: usize, field: [u8; N]) {
    out[at..at + N].copy_from_slice(&field);
}

fn get<const N: usize>(bytes: &[u8], at: usize) -> Result<&[u8; N], Dropped> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .ok_or(Dropped::Truncated)
}

#[cfg(test)]
mod tests;
