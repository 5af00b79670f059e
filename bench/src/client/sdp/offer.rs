//! The offer of a seat, after the conventions of the page (`control-sidecar/README.md`, SDP): one
//! bundle; first what is sent, then the slots, audio before video.

use std::fmt::Write as _;

use anyhow::bail;

use super::Description;
use crate::client::dtls::Fingerprint;
use crate::endpoint::{IcePair, MediaKind, Slot, Source};
use crate::target::Seat;

/// Of a simulcast, smallest first.
const RIDS: [&str; 3] = ["q", "h", "f"];

const AUDIO_LEVEL: (u8, &str) = (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
const ABS_SEND_TIME: (u8, &str) = (
    2,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
);
const TRANSPORT_CC: (u8, &str) = (
    3,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
);
const MID: (u8, &str) = (4, "urn:ietf:params:rtp-hdrext:sdes:mid");
const RID: (u8, &str) = (10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
const REPAIRED_RID: (u8, &str) = (11, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id");

const OPUS: &str = "opus";
const VP8: &str = "VP8";

/// What we have offered, to be compared with what is answered.
#[derive(Clone, Debug)]
pub struct Offer {
    pub text: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    mid: String,
    kind: MediaKind,
    /// Empty for a slot.
    sends: Vec<Encoding>,
}

#[derive(Clone, Debug)]
struct Encoding {
    ssrc: u32,
    rid: Option<&'static str>,
}

impl Offer {
    /// The seat's streams are numbered from `first_ssrc` on; eight numbers belong to a seat.
    pub fn new(
        seat: &Seat,
        ice: &IcePair,
        fingerprint: Fingerprint,
        first_ssrc: u32,
    ) -> anyhow::Result<Self> {
        let lines = lines(seat, first_ssrc)?;
        let mut writer = Writer {
            text: String::new(),
            ice,
            fingerprint: fingerprint.map(|byte| format!("{byte:02X}")).join(":"),
        };
        writer.session(&lines);
        for line in &lines {
            writer.section(line);
        }
        Ok(Self {
            text: writer.text,
            lines,
        })
    }

    /// What the seat may send and receive now that `answer` has come.
    pub fn agreed(&self, answer: &Description) -> anyhow::Result<(Vec<Source>, Vec<Slot>)> {
        let (mut sources, mut slots) = (Vec::new(), Vec::new());
        for line in &self.lines {
            let section = answer.section(&line.mid)?;
            let payload_type = section.payload_type(match line.kind {
                MediaKind::Audio => OPUS,
                MediaKind::Video => VP8,
            })?;
            for encoding in &line.sends {
                if section.direction != "recvonly" {
                    bail!("the server takes no media on the m-line {}", line.mid);
                }
                let value = |uri, value: &str| Some((section.extension(uri)?, value.to_owned()));
                sources.push(Source {
                    kind: line.kind,
                    ssrc: encoding.ssrc,
                    payload_type,
                    mid: value(MID.1, &line.mid),
                    rid: encoding.rid.and_then(|rid| value(RID.1, rid)),
                    audio_level: section.extension(AUDIO_LEVEL.1),
                    transport_cc: section.extension(TRANSPORT_CC.1),
                });
            }
            if line.sends.is_empty() {
                let Some(&ssrc) = section.ssrcs.first() else {
                    bail!("the server names no SSRC for the slot {}", line.mid);
                };
                slots.push(Slot {
                    kind: line.kind,
                    ssrc,
                    payload_type,
                });
            }
        }
        Ok((sources, slots))
    }
}

fn lines(seat: &Seat, first_ssrc: u32) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut push = |kind, sends| {
        let mid = lines.len().to_string();
        lines.push(Line { mid, kind, sends });
    };
    let plain = |ssrc| vec![Encoding { ssrc, rid: None }];
    if seat.sends_audio {
        push(MediaKind::Audio, plain(first_ssrc));
    }
    match seat.video_layers {
        0 => {}
        1 => push(MediaKind::Video, plain(first_ssrc + 1)),
        layers if layers <= RIDS.len() => {
            let encodings = (first_ssrc + 1..).step_by(2).zip(&RIDS[..layers]);
            let encodings = encodings.map(|(ssrc, rid)| Encoding {
                ssrc,
                rid: Some(rid),
            });
            push(MediaKind::Video, encodings.collect());
        }
        layers => bail!(
            "{layers} layers of video: a camera has {} at most",
            RIDS.len()
        ),
    }
    for _ in 0..seat.audio_slots {
        push(MediaKind::Audio, Vec::new());
    }
    for _ in 0..seat.video_slots {
        push(MediaKind::Video, Vec::new());
    }
    if lines.is_empty() {
        bail!("a seat that neither sends nor receives cannot join");
    }
    Ok(lines)
}

struct Writer<'a> {
    text: String,
    ice: &'a IcePair,
    fingerprint: String,
}

macro_rules! line {
    ($writer:expr, $($format:tt)+) => {
        // Writing to a string does not fail.
        let _ = write!($writer.text, "{}\r\n", format_args!($($format)+));
    };
}

impl Writer<'_> {
    fn session(&mut self, lines: &[Line]) {
        let mids: Vec<&str> = lines.iter().map(|line| line.mid.as_str()).collect();
        line!(self, "v=0");
        line!(self, "o=- 1 1 IN IP4 127.0.0.1");
        line!(self, "s=-");
        line!(self, "t=0 0");
        line!(self, "a=group:BUNDLE {}", mids.join(" "));
    }

    fn section(&mut self, line: &Line) {
        match line.kind {
            MediaKind::Audio => {
                line!(self, "m=audio 9 UDP/TLS/RTP/SAVPF 111");
            }
            MediaKind::Video => {
                line!(self, "m=video 9 UDP/TLS/RTP/SAVPF 96 97");
            }
        }
        line!(self, "c=IN IP4 0.0.0.0");
        line!(self, "a=ice-ufrag:{}", self.ice.local_ufrag);
        line!(self, "a=ice-pwd:{}", self.ice.local_password);
        line!(self, "a=fingerprint:sha-256 {}", self.fingerprint);
        line!(self, "a=setup:active");
        line!(self, "a=mid:{}", line.mid);
        let direction = if line.sends.is_empty() {
            "recvonly"
        } else {
            "sendonly"
        };
        line!(self, "a={direction}");
        line!(self, "a=rtcp-mux");
        line!(self, "a=rtcp-rsize");
        self.codec(line.kind);
        self.sources(line);
    }

    fn codec(&mut self, kind: MediaKind) {
        let own = match kind {
            MediaKind::Audio => [AUDIO_LEVEL].as_slice(),
            MediaKind::Video => &[RID, REPAIRED_RID],
        };
        for (id, uri) in own.iter().chain(&[ABS_SEND_TIME, TRANSPORT_CC, MID]) {
            line!(self, "a=extmap:{id} {uri}");
        }
        match kind {
            MediaKind::Audio => {
                line!(self, "a=rtpmap:111 opus/48000/2");
                line!(self, "a=fmtp:111 minptime=10;useinbandfec=1");
                line!(self, "a=rtcp-fb:111 transport-cc");
            }
            MediaKind::Video => {
                line!(self, "a=rtpmap:96 VP8/90000");
                for feedback in ["transport-cc", "ccm fir", "nack", "nack pli"] {
                    line!(self, "a=rtcp-fb:96 {feedback}");
                }
                line!(self, "a=rtpmap:97 rtx/90000");
                line!(self, "a=fmtp:97 apt=96");
            }
        }
    }

    /// A single encoding is known by its SSRC; those of a simulcast by their rids alone, as
    /// browsers have it. The number after a video's SSRC is that of its repair stream.
    fn sources(&mut self, line: &Line) {
        let rids: Vec<&str> = line.sends.iter().filter_map(|one| one.rid).collect();
        if rids.is_empty() {
            for Encoding { ssrc, .. } in &line.sends {
                if line.kind == MediaKind::Video {
                    let repair = ssrc + 1;
                    line!(self, "a=ssrc-group:FID {ssrc} {repair}");
                    line!(self, "a=ssrc:{repair} cname:bench");
                }
                line!(self, "a=ssrc:{ssrc} cname:bench");
            }
        } else {
            for rid in &rids {
                line!(self, "a=rid:{rid} send");
            }
            line!(self, "a=simulcast:send {}", rids.join(";"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(seat: Seat) -> Offer {
        let ice = IcePair {
            local_ufrag: "abcd".into(),
            local_password: "0123456789012345678901".into(),
            remote_ufrag: String::new(),
            remote_password: String::new(),
        };
        Offer::new(&seat, &ice, [0xab; 32], 1_000).unwrap()
    }

    const SPEAKER: Seat = Seat {
        sends_audio: true,
        video_layers: 3,
        audio_slots: 1,
        video_slots: 2,
    };

    /// What a server would answer that takes everything.
    fn answered(offer: &Offer) -> Description {
        let mirrored = offer
            .text
            .replace("a=sendonly", "a=was-sendonly")
            .replace("a=recvonly", "a=sendonly\r\na=ssrc:77 cname:x")
            .replace("a=was-sendonly", "a=recvonly");
        Description::parse(&mirrored).unwrap()
    }

    #[test]
    fn sources_and_slots_stand_in_the_order_of_the_offer() {
        let offer = offer(SPEAKER);
        let (sources, slots) = offer.agreed(&answered(&offer)).unwrap();
        let said: Vec<_> = sources
            .iter()
            .map(|source| (source.kind, source.ssrc, source.rid.clone()))
            .collect();
        let rid = |rid: &str| Some((10, rid.to_owned()));
        assert_eq!(
            said,
            [
                (MediaKind::Audio, 1_000, None),
                (MediaKind::Video, 1_001, rid("q")),
                (MediaKind::Video, 1_003, rid("h")),
                (MediaKind::Video, 1_005, rid("f")),
            ]
        );
        assert_eq!(sources[0].audio_level, Some(1));
        assert_eq!(sources[1].mid, Some((4, "1".to_owned())));
        let kinds: Vec<_> = slots.iter().map(|slot| slot.kind).collect();
        assert_eq!(
            kinds,
            [MediaKind::Audio, MediaKind::Video, MediaKind::Video]
        );
    }

    #[test]
    fn a_camera_without_simulcast_is_known_by_its_ssrc() {
        let text = offer(Seat {
            video_layers: 1,
            ..Seat::default()
        })
        .text;
        assert!(text.contains("a=ssrc-group:FID 1001 1002\r\n"), "{text}");
        assert!(!text.contains("a=simulcast"));
    }

    #[test]
    fn seats_that_cannot_be_are_refused() {
        let ice = IcePair::local().unwrap();
        assert!(Offer::new(&Seat::default(), &ice, [0; 32], 0).is_err());
        let four = Seat {
            video_layers: 4,
            ..Seat::default()
        };
        assert!(Offer::new(&four, &ice, [0; 32], 0).is_err());
    }

    #[test]
    fn a_slot_that_the_server_rejects_is_an_error() {
        let offer = offer(SPEAKER);
        let mut answer = answered(&offer);
        answer.sections[3].is_rejected = true;
        let said = offer.agreed(&answer).unwrap_err().to_string();
        assert!(said.contains("m-line 3"), "{said}");
    }
}
