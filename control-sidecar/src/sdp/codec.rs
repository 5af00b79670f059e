//! Which payload types of an m-line carry a codec that we forward: Opus (RFC 7587), VP8 (RFC 7741)
//! and H.264 in constrained baseline (RFC 6184), each with its repair stream (RFC 4588).

use sfu_proto::control::{Codec, SlotCodec};

use super::attribute::{RtpMap, parameter};
use super::extension::Way;
use super::section::Section;

/// Those of `wanted` that the m-line offers, in the order of `wanted`; of several payload types
/// for one codec the one that the offer prefers, which is the first in its m= line.
pub(super) fn offered(section: &Section, wanted: &[Codec]) -> Vec<SlotCodec> {
    wanted
        .iter()
        .filter_map(|codec| find(section, *codec))
        .collect()
}

fn find(section: &Section, codec: Codec) -> Option<SlotCodec> {
    let map = rtpmaps(section).find(|map| codec_of(section, map) == Some(codec))?;
    Some(SlotCodec {
        codec,
        payload_type: map.payload_type,
        rtx_payload_type: repair_of(section, map),
    })
}

/// The payload types in the m-line's order of preference.
fn rtpmaps(section: &Section) -> impl Iterator<Item = &RtpMap> {
    section
        .formats
        .iter()
        .filter_map(|format| format.parse::<u8>().ok())
        // RFC 5761 §4: with RTP and RTCP on one port, 64 to 95 would read as RTCP.
        .filter(|number| !(64..=95).contains(number))
        .filter_map(|number| {
            section
                .rtpmaps
                .iter()
                .find(|map| map.payload_type == number)
        })
}

fn codec_of(section: &Section, map: &RtpMap) -> Option<Codec> {
    let name = map.name.to_ascii_lowercase();
    match (name.as_str(), map.clock_rate, map.channels) {
        ("opus", 48_000, 2) => Some(Codec::Opus),
        ("vp8", 90_000, _) => Some(Codec::Vp8),
        ("h264", 90_000, _) if is_constrained_baseline(section.fmtp(map.payload_type)) => {
            Some(Codec::H264)
        }
        _ => None,
    }
}

/// RFC 6184 §8.1, table 5, and §8.2.2: profile and packetization mode must be the same on both
/// sides. So plain baseline (`42001f`) is not taken for constrained baseline (`42e01f`): its sender
/// may use tools that decoders of the latter lack. Where `profile-level-id` is missing, §8.1 says
/// plain baseline; where `packetization-mode` is, it is 0.
fn is_constrained_baseline(fmtp: &str) -> bool {
    let id = parameter(fmtp, "profile-level-id").and_then(|hex| {
        let is_hex = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(hex, 16).ok().filter(|_| is_hex)
    });
    let Some(id) = id else { return false };
    let [_, profile, constraints, _level] = id.to_be_bytes();
    let constrained = match profile {
        0x42 => constraints & 0b0100_1111 == 0b0100_0000,
        0x4d => constraints & 0b1000_1111 == 0b1000_0000,
        0x58 => constraints & 0b1100_1111 == 0b1100_0000,
        _ => false,
    };
    constrained && parameter(fmtp, "packetization-mode") == Some("1")
}

/// RFC 4588 §8.1: the rtx payload type whose `apt` is the media's.
fn repair_of(section: &Section, media: &RtpMap) -> Option<u8> {
    rtpmaps(section)
        .filter(|map| map.name.eq_ignore_ascii_case("rtx"))
        .filter(|map| map.clock_rate == media.clock_rate)
        .find(|map| {
            parameter(section.fmtp(map.payload_type), "apt")
                .and_then(|apt| apt.parse().ok())
                .is_some_and(|apt: u8| apt == media.payload_type)
        })
        .map(|map| map.payload_type)
}

/// The `a=fmtp` of an answer: the parameters of the offer that hold for our side too.
pub(super) fn answered_parameters(codec: Codec, offered: &str, way: Way) -> String {
    let mirrored = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| Some((*name, parameter(offered, name)?)))
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(";")
    };
    match codec {
        // RFC 7587 §6.1: they say what we like to receive. Stereo only from who has it to send
        // (`sprop-stereo`): it doubles what every viewer downloads.
        Codec::Opus if way == Way::Publish && parameter(offered, "sprop-stereo") == Some("1") => {
            mirrored(&["minptime", "useinbandfec", "usedtx", "stereo"])
        }
        Codec::Opus => mirrored(&["minptime", "useinbandfec", "usedtx"]),
        // RFC 7741 §6.1: limits of a receiver; ours has none.
        Codec::Vp8 => String::new(),
        // RFC 6184 §8.2.2: the same on both sides.
        Codec::H264 => mirrored(&[
            "level-asymmetry-allowed",
            "packetization-mode",
            "profile-level-id",
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6184_section_8_1_table_5_constrained_baseline() {
        for (id, yes) in [
            ("42e01f", true),
            ("42E01F", true),
            ("42c01f", true),
            ("42401f", true),
            ("4d801f", true),
            ("58c01f", true),
            ("42001f", false),
            ("42801f", false),
            ("4d001f", false),
            ("58801f", false),
            ("64001f", false),
            ("640c1f", false),
            ("42e01", false),
            ("+2e01f", false),
            ("42e01f0", false),
        ] {
            let fmtp = format!("packetization-mode=1; profile-level-id={id}");
            assert_eq!(is_constrained_baseline(&fmtp), yes, "{id}");
        }
        assert!(!is_constrained_baseline("profile-level-id=42e01f"));
        assert!(!is_constrained_baseline("packetization-mode=1"));
        let mode_0 = "packetization-mode=0;profile-level-id=42e01f";
        assert!(!is_constrained_baseline(mode_0));
    }
}
