//! The numbers of a peer's offer: what Chromium would put there.

use sfu_proto::control::{
    Codec, ExtensionIds, Fingerprint, IceCredentials, Mid, PublishLine, SessionPlan, SlotCodec,
    SlotKind, SlotLine, Source, Token,
};
use sfu_proto::ids::ParticipantId;

use super::PeerConfig;

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;
/// Of a camera with simulcast, lowest first.
pub const RIDS: [&str; 3] = ["q", "h", "f"];

/// Header extension ids.
pub mod extension {
    pub const AUDIO_LEVEL: u8 = 1;
    pub const ABS_SEND_TIME: u8 = 2;
    pub const TRANSPORT_CC: u8 = 3;
    pub const MID: u8 = 4;
    pub const RID: u8 = 10;
    pub const REPAIRED_RID: u8 = 11;
}

pub const EXTENSION_IDS: ExtensionIds = ExtensionIds {
    mid: Some(extension::MID),
    rid: Some(extension::RID),
    repaired_rid: Some(extension::REPAIRED_RID),
    audio_level: Some(extension::AUDIO_LEVEL),
    abs_send_time: Some(extension::ABS_SEND_TIME),
    transport_cc: Some(extension::TRANSPORT_CC),
};

/// # Panics
///
/// If it is no token; tests write these.
pub fn token(text: &str) -> Token {
    Token::new(text.as_bytes()).expect("a short word of ASCII")
}

pub fn mid(index: usize) -> Mid {
    token(&index.to_string())
}

/// The plan that the sidecar would make of this peer's offer.
pub fn plan(config: &PeerConfig, ice: IceCredentials) -> SessionPlan {
    let mut lines = 0;
    let mut next_mid = || {
        lines += 1;
        mid(lines - 1)
    };
    let mut publish = Vec::new();
    if config.audio {
        publish.push(publish_line(next_mid(), Source::Audio, 0));
    }
    if config.camera > 0 {
        publish.push(publish_line(next_mid(), Source::Camera, config.camera));
    }
    if config.screen {
        publish.push(publish_line(next_mid(), Source::Screen, 1));
    }
    let rtx = config.rtx.then_some(VP8_RTX);
    let kinds = [
        (SlotKind::Audio, config.audio_slots),
        (SlotKind::Video, config.video_slots),
        (SlotKind::Screen, config.screen_slots),
    ];
    let slots = kinds
        .into_iter()
        .flat_map(|(kind, count)| core::iter::repeat_n(kind, count))
        .map(|kind| SlotLine {
            mid: next_mid(),
            kind,
            codecs: vec![match kind {
                SlotKind::Audio => SlotCodec {
                    codec: Codec::Opus,
                    payload_type: OPUS,
                    rtx_payload_type: None,
                },
                SlotKind::Video | SlotKind::Screen => SlotCodec {
                    codec: Codec::Vp8,
                    payload_type: VP8,
                    rtx_payload_type: rtx,
                },
            }],
        })
        .collect();
    SessionPlan {
        participant: ParticipantId(config.participant),
        ice,
        fingerprint: Fingerprint([7; 32]),
        extensions: EXTENSION_IDS,
        publish,
        slots,
    }
}

fn publish_line(mid: Mid, source: Source, layers: usize) -> PublishLine {
    let is_audio = source == Source::Audio;
    PublishLine {
        mid,
        source,
        codec: if is_audio { Codec::Opus } else { Codec::Vp8 },
        payload_type: if is_audio { OPUS } else { VP8 },
        rtx_payload_type: (!is_audio).then_some(VP8_RTX),
        rids: match layers {
            0 | 1 => Vec::new(),
            _ => RIDS.iter().take(layers).map(|rid| token(rid)).collect(),
        },
        ssrc: None,
        rtx_ssrc: None,
    }
}
