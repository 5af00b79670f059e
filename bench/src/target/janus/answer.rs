//! The answer to Janus's offer: everything is taken as offered, and we are the DTLS client
//! (RFC 8842 §5.3). What all m-lines share stands at session level, for Janus takes only short
//! requests.

use std::fmt::Write as _;

use anyhow::{anyhow, bail};

use crate::client::dtls::Fingerprint;
use crate::client::sdp::Description;
use crate::endpoint::{IcePair, MediaKind, Slot};

/// One m-line that Janus offers.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    mid: String,
    slot: Slot,
}

/// All m-lines, in the order of the offer.
pub(super) fn streams(offer: &Description) -> anyhow::Result<Vec<Stream>> {
    let mut streams = Vec::with_capacity(offer.sections.len());
    for section in &offer.sections {
        let mid = &section.mid;
        let (kind, payload_type) = match (section.payload_type(OPUS), section.payload_type(VP8)) {
            (Ok(opus), _) => (MediaKind::Audio, opus),
            (_, Ok(vp8)) => (MediaKind::Video, vp8),
            _ => bail!("Janus offers neither {OPUS} nor {VP8} on the m-line {mid}"),
        };
        // The repair stream's comes second.
        let ssrc = section.ssrcs.first().copied();
        let ssrc = ssrc.ok_or_else(|| anyhow!("Janus names no SSRC for the m-line {mid}"))?;
        streams.push(Stream {
            mid: mid.clone(),
            slot: Slot {
                kind,
                ssrc,
                payload_type,
            },
        });
    }
    Ok(streams)
}

const OPUS: &str = "opus";
const VP8: &str = "VP8";

pub(super) fn write(streams: &[Stream], ice: &IcePair, fingerprint: Fingerprint) -> String {
    let mids: Vec<&str> = streams.iter().map(|stream| stream.mid.as_str()).collect();
    let fingerprint = fingerprint.map(|byte| format!("{byte:02X}")).join(":");
    let mut text = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:active\r\n",
        mids.join(" "),
        ice.local_ufrag,
        ice.local_password,
    );
    for Stream { mid, slot } in streams {
        let (media, codec) = match slot.kind {
            MediaKind::Audio => ("audio", "opus/48000/2"),
            MediaKind::Video => ("video", "VP8/90000"),
        };
        let payload_type = slot.payload_type;
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "m={media} 9 UDP/TLS/RTP/SAVPF {payload_type}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n\
             a=recvonly\r\na=rtcp-mux\r\na=rtpmap:{payload_type} {codec}\r\n"
        );
    }
    text
}

pub(super) fn slots(streams: Vec<Stream>) -> Vec<Slot> {
    streams.into_iter().map(|stream| stream.slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Janus 1.1 writes it, shortened.
    fn offer() -> Description {
        let print = ["AB"; 32].join(":");
        let shared = format!(
            "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {print}\r\na=setup:actpass\r\n"
        );
        Description::parse(&format!(
            "v=0\r\no=- 1 1 IN IP4 10.99.0.1\r\ns=VideoRoom 1\r\nt=0 0\r\na=ice-lite\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\n{shared}\
             a=rtpmap:111 opus/48000/2\r\na=ssrc:7 cname:janus\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendonly\r\n{shared}\
             a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=ssrc-group:FID 9 10\r\n\
             a=ssrc:9 cname:janus\r\na=ssrc:10 cname:janus\r\n"
        ))
        .unwrap()
    }

    #[test]
    fn everything_offered_is_taken() {
        let ice = IcePair {
            local_ufrag: "mine".to_owned(),
            local_password: "secret".to_owned(),
            remote_ufrag: String::new(),
            remote_password: String::new(),
        };
        let text = write(&streams(&offer()).unwrap(), &ice, [0xcd; 32]);
        let read = Description::parse(&text).unwrap();
        assert_eq!(
            (read.ufrag.as_str(), read.fingerprint),
            ("mine", [0xcd; 32])
        );
        let said: Vec<_> = read
            .sections
            .iter()
            .map(|it| (it.mid.as_str(), it.direction.as_str(), it.codecs.clone()))
            .collect();
        assert_eq!(
            said,
            [
                ("0", "recvonly", vec![(111, OPUS.to_owned())]),
                ("1", "recvonly", vec![(96, VP8.to_owned())]),
            ]
        );
        assert!(text.contains("a=setup:active\r\n"), "{text}");
    }

    #[test]
    fn a_slot_is_the_media_and_not_its_repair() {
        let slots = slots(streams(&offer()).unwrap());
        let said: Vec<_> = slots
            .iter()
            .map(|it| (it.kind, it.ssrc, it.payload_type))
            .collect();
        assert_eq!(
            said,
            [(MediaKind::Audio, 7, 111), (MediaKind::Video, 9, 96)]
        );
    }

    #[test]
    fn an_offer_without_an_ssrc_or_of_data_is_refused() {
        let mut offer = offer();
        offer.sections[0].ssrcs.clear();
        let said = streams(&offer).unwrap_err().to_string();
        assert!(said.contains("no SSRC for the m-line 0"), "{said}");
        offer.sections[0].codecs.clear();
        assert!(streams(&offer).is_err());
    }
}
