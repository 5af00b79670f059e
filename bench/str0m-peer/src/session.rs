//! One client's transport: an `Rtc`, and what it is for. str0m's rule is that each change of an
//! `Rtc` is followed by taking all its output, which is `Forwarder::drain`'s to do.

use std::time::Instant;

use str0m::Rtc;
use str0m::media::{KeyframeRequestKind, MediaAdded, MediaKind, Mid, Pt, Rid};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, SeqNo};

use crate::signalling::Place;

/// A session's index among all that there ever were.
pub(crate) type Id = usize;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) rtc: Rtc,
    pub(crate) role: Role,
    /// When str0m wants to be called without a packet.
    pub(crate) due: Instant,
    /// Something was written that leaves when time goes on.
    pub(crate) has_written: bool,
    tracks: Vec<Track>,
}

#[derive(Debug)]
pub(crate) enum Role {
    Publisher { place: Place, viewers: Vec<Id> },
    Viewer { publisher: Id },
}

/// One m-line.
#[derive(Debug)]
struct Track {
    mid: Mid,
    kind: MediaKind,
    payload_type: Pt,
    /// Of a simulcast, the encoding that is forwarded: the one named last, which is the largest.
    rid: Option<Rid>,
    /// Rollovers of the sequence number (RFC 3711 §3.3.1) that the source had behind it before
    /// this viewer came, who begins with none.
    rollovers_before: Option<u64>,
}

impl Track {
    /// A source's sequence number as this viewer has it; `None` if it is from before its time.
    fn rebased(&mut self, sequence: SeqNo) -> Option<SeqNo> {
        let before = *self.rollovers_before.get_or_insert_with(|| sequence.roc());
        sequence.checked_sub(before << 16).map(SeqNo::from)
    }
}

impl Session {
    pub(crate) fn new(rtc: Rtc, role: Role, now: Instant) -> Self {
        Self {
            rtc,
            role,
            due: now,
            has_written: false,
            tracks: Vec::new(),
        }
    }

    pub(crate) fn add_track(&mut self, added: MediaAdded) {
        let mut codecs = self.rtc.codec_config().iter();
        let codec = codecs.find(|one| match added.kind {
            MediaKind::Audio => one.spec().codec.is_audio(),
            MediaKind::Video => one.spec().codec.is_video(),
        });
        let Some(payload_type) = codec.map(|codec| codec.pt()) else {
            return;
        };
        let rid = added
            .simulcast
            .and_then(|it| it.recv.last().map(|it| it.rid));
        self.tracks.push(Track {
            mid: added.mid,
            kind: added.kind,
            payload_type,
            rid,
            rollovers_before: None,
        });
    }

    /// What a publisher's packet is, if it is to be forwarded.
    pub(crate) fn kind_of(&mut self, packet: &RtpPacket) -> Option<MediaKind> {
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx(&packet.header.ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let track = self.tracks.iter().find(|track| track.mid == mid)?;
        (track.rid == rid).then_some(track.kind)
    }

    /// Queues a publisher's packet for this viewer; it leaves when time goes on.
    pub(crate) fn write(&mut self, kind: MediaKind, packet: &RtpPacket) {
        let Some(track) = self.tracks.iter_mut().find(|track| track.kind == kind) else {
            return;
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(track.mid, None) else {
            return;
        };
        let Some(sequence) = track.rebased(packet.seq_no) else {
            return;
        };
        let extensions = &packet.header.ext_vals;
        let write = RtpWrite::new(
            track.payload_type,
            sequence,
            packet.header.timestamp,
            packet.timestamp,
            packet.payload.clone(),
        )
        .marker(packet.header.marker)
        .nackable(kind == MediaKind::Video)
        .ext_vals(ExtensionValues {
            audio_level: extensions.audio_level,
            voice_activity: extensions.voice_activity,
            video_orientation: extensions.video_orientation,
            ..ExtensionValues::default()
        });
        stream.write_rtp(write);
    }

    /// Asks this publisher for a picture that needs no earlier one.
    pub(crate) fn request_key_frame(&mut self) {
        let Some(video) = self.tracks.iter().find(|it| it.kind == MediaKind::Video) else {
            return;
        };
        let mut direct = self.rtc.direct_api();
        if let Some(stream) = direct.stream_rx_by_mid(video.mid, video.rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_counts_rollovers_from_when_it_came() {
        let mut track = Track {
            mid: "0".into(),
            kind: MediaKind::Video,
            payload_type: 96.into(),
            rid: None,
            rollovers_before: None,
        };
        let mut rebased = |sequence: u64| track.rebased(sequence.into()).map(|it| *it);
        assert_eq!(rebased(3 << 16 | 65_535), Some(65_535));
        assert_eq!(rebased(4 << 16), Some(1 << 16));
        assert_eq!(rebased(2 << 16 | 65_535), None, "late, of an earlier turn");
    }
}
