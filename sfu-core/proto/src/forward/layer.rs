//! One encoding of a track: what has arrived of it, what is missing, and its plain text, kept once
//! for all viewers.

use core::cmp::Reverse;
use core::time::Duration;

use super::cache::{Cache, Cached};
use super::chunks::Chunks;
use super::gap::{Arrived, Gap, MISSING_MAX};
use super::keyframe::KeyframeRequests;
use super::packet_info::PacketInfo;
use super::remote::LayerOrigin;
use crate::control::{Codec, PublishLine, Source};
use crate::dropped::Dropped;
use crate::ids::{ParticipantId, Ssrc};
use crate::limits;
use crate::rtcp::reception::Reception;
use crate::rtp::{Header, rtx, sequence, timestamp};
use crate::session::Media;
use crate::time::Instant;

/// A layer of a meeting. `generation` tells a layer from a former one at the same index, or from
/// itself before its source began anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LayerKey {
    pub index: u32,
    pub generation: u32,
}

/// Media of one encoding that stays away this long is taken to have ended.
const SILENT_AFTER: Duration = Duration::from_millis(1_500);

/// Senders pause, and clocks drift by a second or so a day; more is another time.
const TIME_LEAP_MAX: Duration = Duration::from_secs(30);

/// A screen that stands still is sent about once a second; one such frame may be lost.
const STILL_SCREEN_AFTER: Duration = Duration::from_secs(5);

/// One packet of a layer, authenticated and stripped of repair and padding.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    pub arrival: Instant,
    pub sequence: u64,
    pub header: &'a Header,
    /// RFC 6464 byte.
    pub audio_level: Option<u8>,
    pub payload: &'a [u8],
    /// It came by the repair stream.
    pub is_repair: bool,
}

impl<'a> Received<'a> {
    /// The sequence and media of a packet of `layer`: its own, or those that it repairs (RFC 4588
    /// §4).
    pub(crate) fn of(
        layer: &Layer,
        arrival: Instant,
        media: &'a Media<'_>,
    ) -> Result<Self, Dropped> {
        let (header, is_repair) = (media.packet.header(), media.origin.is_repair);
        if !layer.is_from(header.ssrc, is_repair) {
            return Err(Dropped::RtpUnknownSource);
        }
        let payload = media.packet.payload();
        let (sequence, payload) = match is_repair {
            false => (media.packet.index(), payload),
            true if payload.is_empty() => return Err(Dropped::RtpProbe),
            true => {
                let (original, rest) = rtx::unwrap(payload)?;
                (layer.repaired(original)?, rest)
            }
        };
        Ok(Self {
            arrival,
            sequence,
            header,
            audio_level: media.extensions.audio_level.map(|level| level.to_byte()),
            payload,
            is_repair,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Layer {
    pub key: LayerKey,
    pub participant: ParticipantId,
    pub source: Source,
    pub codec: Codec,
    pub(super) origin: LayerOrigin,
    /// Known once its first packet has come.
    pub ssrc: Option<Ssrc>,
    /// Of its repair stream, likewise.
    pub repair_ssrc: Option<Ssrc>,
    former_repair_ssrc: Option<Ssrc>,
    pub keyframe: KeyframeRequests,
    /// Somebody receives it, or will with its next key frame. What nobody sees needs no repair.
    pub is_watched: bool,
    /// Its sender answers requests. Browsers agree on none for sound without a repair stream.
    pub is_repairable: bool,
    pub gap: Gap,
    pub reception: Reception,
    cache: Cache,
    timestamp: timestamp::Widener,
    highest: u64,
    last_arrival: Option<Instant>,
    /// Media time of the first packet, and when it came.
    anchor: Option<(u64, Instant)>,
    /// The newest time of the media, and when its first packet came.
    newest: (u64, Instant),
    /// What came and has not been forwarded to everybody.
    arrived: Vec<u64>,
    /// So many of those, the first, are being forwarded in this round.
    in_round: usize,
    /// So many have been handed over to other parts.
    handed_over: usize,
    /// The slots that carry it, or will; slots that have left it since may stand here too.
    pub(super) viewers: Vec<Viewer>,
    /// It flowed when that was last looked at.
    pub(super) was_live: bool,
}

/// A slot of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Viewer {
    pub subscriber: u32,
    pub slot: u32,
}

impl Viewer {
    /// The order in which a round forwards: one viewer's slots side by side, pictures before voices,
    /// as an offer names them the other way round. Only the last packet of a train may be shorter
    /// (UDP GSO), so a voice can end a train of pictures, but not begin one.
    pub(super) const fn turn(&self) -> (u32, Reverse<u32>) {
        (self.subscriber, Reverse(self.slot))
    }
}

impl Layer {
    pub(crate) fn new(key: LayerKey, participant: ParticipantId, line: &PublishLine) -> Self {
        let origin = LayerOrigin::Here {
            wanted_by: Vec::new(),
        };
        let mut layer = Self::of(key, participant, (line.source, line.codec), origin);
        layer.is_repairable = line.source != Source::Audio || line.rtx_payload_type.is_some();
        layer
    }

    pub(super) fn of(
        key: LayerKey,
        participant: ParticipantId,
        (source, codec): (Source, Codec),
        origin: LayerOrigin,
    ) -> Self {
        let (packets, chunks) = match source {
            Source::Audio => (limits::AUDIO_CACHE_PACKETS, limits::AUDIO_CACHE_CHUNKS),
            Source::Camera | Source::Screen => {
                (limits::VIDEO_CACHE_PACKETS, limits::VIDEO_CACHE_CHUNKS)
            }
        };
        Self {
            key,
            participant,
            source,
            codec,
            origin,
            ssrc: None,
            repair_ssrc: None,
            former_repair_ssrc: None,
            keyframe: KeyframeRequests::default(),
            is_watched: false,
            is_repairable: false,
            gap: Gap::default(),
            reception: Reception::new(codec.clock_rate()),
            cache: Cache::new(packets, chunks),
            timestamp: timestamp::Widener::default(),
            highest: 0,
            last_arrival: None,
            anchor: None,
            newest: (0, Instant::default()),
            arrived: Vec::with_capacity(limits::ARRIVED_PER_LAYER_MAX),
            in_round: 0,
            handed_over: 0,
            viewers: Vec::new(),
            was_live: false,
        }
    }

    /// The source begins anew under another SSRC: its numbers have nothing to do with the former.
    pub(super) fn restart(&mut self, generation: u32) {
        self.key.generation = generation;
        self.former_repair_ssrc = self.repair_ssrc.take();
        self.anchor = None;
        self.keyframe = KeyframeRequests::default();
        self.gap.clear();
        self.reception = Reception::new(self.codec.clock_rate());
        self.cache.clear();
        self.timestamp = timestamp::Widener::default();
        self.newest = (0, Instant::default());
        self.highest = 0;
        self.arrived.clear();
        self.in_round = 0;
        self.handed_over = 0;
    }

    /// `ssrc` is this layer's source. Says whether it has taken the place of another: then the layer
    /// begins anew as `generation`.
    pub(crate) fn name_source(&mut self, ssrc: Ssrc, generation: u32) -> bool {
        let begins_anew = self.ssrc.is_some_and(|known| known != ssrc);
        if begins_anew {
            self.restart(generation);
        }
        self.ssrc = Some(ssrc);
        begins_anew
    }

    /// `ssrc` is its repair stream's, unless it was the former source's: its late repairs would be
    /// taken for this one's.
    pub(crate) fn name_repair_source(&mut self, ssrc: Ssrc) {
        if self.repair_ssrc.is_none() && self.former_repair_ssrc != Some(ssrc) {
            self.repair_ssrc = Some(ssrc);
        }
    }

    /// Media time goes with the clock, give or take a pause of the sender's. If it leaps, it is
    /// another time: the layer begins anew as `generation`, or its slots would carry the leap for
    /// ever.
    pub(crate) fn leaps_in_time(
        &mut self,
        arrival: Instant,
        header: &Header,
        generation: u32,
    ) -> bool {
        let mut widener = self.timestamp; // A copy: the packet may yet be refused.
        let time = widener.widen(header.timestamp);
        let Some((first, since)) = self.anchor else {
            self.anchor = Some((time, arrival));
            return false;
        };
        let rate = u128::from(self.codec.clock_rate());
        let elapsed = arrival.since(since).as_nanos() * rate / 1_000_000_000;
        let leap = (u128::from(first) + elapsed).abs_diff(u128::from(time));
        let leaps = leap > TIME_LEAP_MAX.as_secs() as u128 * rate;
        if leaps {
            self.restart(generation);
        }
        leaps
    }

    /// Whether a packet of `ssrc` is one of its own. The last packets of a former source may come
    /// after the first of the new.
    fn is_from(&self, ssrc: Ssrc, is_repair: bool) -> bool {
        let expected = if is_repair {
            self.repair_ssrc
        } else {
            self.ssrc
        };
        expected == Some(ssrc)
    }

    /// The source rests (muted, or its sender has stopped it): nothing is missing, nothing is to
    /// be repaired.
    pub(crate) fn rest(&mut self) {
        self.gap.clear();
        self.keyframe.satisfied();
        self.last_arrival = None;
        self.anchor = None;
    }

    /// Counts a packet for the report to its sender. Done for muted media too: it has arrived, and
    /// a report of loss would cut the sender's bit rate.
    pub(crate) fn count(&mut self, received: &Received<'_>) {
        if !received.is_repair {
            let timestamp = received.header.timestamp;
            self.reception
                .packet(received.sequence, timestamp, received.arrival);
            self.highest = self.highest.max(received.sequence);
        }
    }

    pub(crate) fn receive(
        &mut self,
        received: &Received<'_>,
        chunks: &mut Chunks,
    ) -> Result<(), Dropped> {
        let timestamp = self.timestamp.widen(received.header.timestamp);
        let marker = received.header.marker;
        let mut info = PacketInfo::read(self.codec, timestamp, marker, received.payload);
        info.audio_level = received.audio_level;
        let Received {
            arrival, sequence, ..
        } = *received;
        self.store(arrival, sequence, info, received.payload, chunks)
    }

    /// Keeps a packet, whether a session has sent it or another part has handed it over.
    pub(super) fn store(
        &mut self,
        arrival: Instant,
        sequence: u64,
        info: PacketInfo,
        payload: &[u8],
        chunks: &mut Chunks,
    ) -> Result<(), Dropped> {
        self.cache
            .insert(arrival, sequence, info, payload, chunks)?;
        if self.is_video() {
            self.cache.even_out(sequence);
        }

        self.last_arrival = Some(arrival);
        if info.timestamp > self.newest.0 {
            self.newest = (info.timestamp, arrival);
        }
        if self.gap.note(arrival, sequence) == Arrived::AfterInterruption {
            self.keyframe.want();
        }
        if info.starts_key_frame {
            self.keyframe.satisfied();
            self.gap.forget_before(sequence);
        }
        if self.arrived.len() == limits::ARRIVED_PER_LAYER_MAX {
            return Err(Dropped::ForwardBehind);
        }
        self.arrived.push(sequence);
        Ok(())
    }

    /// The whole sequence that a repair's 16 bits name (RFC 4588 §4, OSN). What is repaired was sent:
    /// it may be a little newer than what has arrived, not far.
    fn repaired(&self, original: u16) -> Result<u64, Dropped> {
        let sequence = sequence::widen(self.highest, original);
        let is_plausible = self.highest > 0 && sequence <= self.highest + MISSING_MAX as u64;
        if is_plausible {
            Ok(sequence)
        } else {
            Err(Dropped::RtpUnknownSource)
        }
    }

    pub(crate) fn is_video(&self) -> bool {
        self.source != Source::Audio
    }

    /// When the newest media came, and by how much `timestamp` is older, in units of its clock.
    pub(crate) fn age(&self, timestamp: u64) -> (Instant, u64) {
        let (newest, arrival) = self.newest;
        (arrival, newest.saturating_sub(timestamp))
    }

    /// What has come by now is forwarded in this round; its form is final. What comes later waits
    /// for the next.
    pub(super) fn begin_round(&mut self) {
        self.in_round = self.arrived.len();
        self.cache.end_pass();
    }

    /// The sequences that have come and not been forwarded to everybody.
    pub(super) fn arrived(&self) -> &[u64] {
        &self.arrived
    }

    /// Other parts get all that has come by now; says how many of it they had before.
    pub(super) fn note_handed_over(&mut self) -> usize {
        core::mem::replace(&mut self.handed_over, self.arrived.len())
    }

    /// The sequences of this round, in the order in which they came.
    pub(crate) fn round(&self) -> &[u64] {
        &self.arrived[..self.in_round]
    }

    /// Says whether something has come meanwhile.
    pub(super) fn end_round(&mut self) -> bool {
        self.arrived.drain(..self.in_round);
        self.handed_over = self.handed_over.saturating_sub(self.in_round);
        self.in_round = 0;
        !self.arrived.is_empty()
    }

    /// Whether its publisher must be asked for something: what is missing, or a key frame.
    pub(crate) fn has_requests(&self) -> bool {
        self.is_watched
            && self.is_repairable
            && (!self.gap.is_empty() || self.is_video() && self.keyframe.is_wanted())
    }

    /// Something waits, and is the first that does.
    pub(super) fn is_first_arrived(&self) -> bool {
        self.arrived.len() == 1
    }

    pub(crate) fn packet<'a>(&self, sequence: u64, chunks: &'a Chunks) -> Option<Cached<'a>> {
        self.cache.get(sequence, chunks)
    }

    /// Gives its memory back.
    pub(super) fn end(self, chunks: &mut Chunks) {
        self.cache.end(chunks);
    }

    /// When the newest packet came, whatever its media time.
    pub(super) fn last_arrival(&self) -> Option<Instant> {
        self.last_arrival
    }

    pub(crate) fn is_live(&self, now: Instant) -> bool {
        if let LayerOrigin::There { is_live, .. } = self.origin {
            return is_live;
        }
        let patience = match self.source {
            Source::Screen => STILL_SCREEN_AFTER,
            Source::Audio | Source::Camera => SILENT_AFTER,
        };
        self.last_arrival
            .is_some_and(|last| now.since(last) < patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Token;

    fn layer() -> Layer {
        let line = PublishLine {
            mid: Token::new(b"1").unwrap(),
            source: Source::Camera,
            codec: Codec::Vp8,
            payload_type: 96,
            rtx_payload_type: Some(97),
            rids: Vec::new(),
            ssrc: None,
            rtx_ssrc: None,
        };
        let key = LayerKey {
            index: 0,
            generation: 1,
        };
        Layer::new(key, ParticipantId(1), &line)
    }

    fn header(timestamp: u32) -> Header {
        let mut bytes = [0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        bytes[4..8].copy_from_slice(&timestamp.to_be_bytes());
        Header::parse(&bytes).unwrap()
    }

    fn secs(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    #[test]
    fn media_time_may_pause_but_not_leap() {
        let mut layer = layer();
        assert!(!layer.leaps_in_time(secs(0), &header(1_000), 2));
        assert!(!layer.leaps_in_time(secs(100), &header(1_000 + 90 * 90_000), 2));
        assert_eq!(layer.key.generation, 1);
        assert!(layer.leaps_in_time(secs(101), &header(1_000 + (1 << 30)), 2));
        assert_eq!(layer.key.generation, 2);
    }

    #[test]
    fn a_new_source_takes_any_repair_stream_but_the_former() {
        let mut layer = layer();
        assert!(!layer.name_source(Ssrc(1), 2));
        layer.name_repair_source(Ssrc(11));
        assert!(layer.name_source(Ssrc(2), 2));
        layer.name_repair_source(Ssrc(11));
        assert!(!layer.is_from(Ssrc(11), true));
        layer.name_repair_source(Ssrc(12));
        assert!(layer.is_from(Ssrc(12), true));
    }
}
