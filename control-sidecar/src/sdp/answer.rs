//! The answer (RFC 3264 §6, RFC 9429 §5.3.1): our side of each m-line of the offer, in its order.

use core::net::{IpAddr, SocketAddr};

use sfu_proto::control::{
    Codec, IceCredentials, PublishLine, SessionOpened, SlotCodec, SlotKind, SlotLine, SlotSource,
};
use sfu_proto::ids::SessionId;
use thiserror::Error;

use super::candidate;
use super::codec;
use super::extension::{self, Way};
use super::line::Line;
use super::offer::Offer;
use super::plan::Negotiated;
use super::section::Section;
use super::text::Text;

const FEEDBACK: [&str; 3] = ["nack", "nack pli", "ccm fir"];
const TRANSPORT_CC: &str = "transport-cc";

/// The core opened another session than the plan asks for: a fault of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the plan has {planned} slots, the core opened {opened}")]
pub struct WrongSlotCount {
    pub planned: usize,
    pub opened: usize,
}

/// Writes the answer to `offer`.
pub fn answer(
    offer: &Offer,
    negotiated: &Negotiated,
    opened: &SessionOpened,
    session: SessionId,
) -> Result<String, WrongSlotCount> {
    let is_slot = |line: &&Line| matches!(line, Line::Slot(_));
    let planned = negotiated.lines.iter().filter(is_slot).count();
    if planned != opened.slots.len() {
        return Err(WrongSlotCount {
            planned,
            opened: opened.slots.len(),
        });
    }
    let mut writer = Writer {
        text: Text::default(),
        offer,
        opened,
        tagged: negotiated.bundle.first().map_or("", String::as_str),
    };
    writer.session(session, &negotiated.bundle);
    let mut sources = opened.slots.iter();
    for (section, line) in offer.sections.iter().zip(&negotiated.lines) {
        match line {
            Line::Publish(line) => writer.publish(section, line),
            Line::Slot(line) => {
                if let Some(source) = sources.next() {
                    writer.slot(section, line, source);
                }
            }
            Line::Idle(codecs, _) => writer.idle(section, codecs),
            Line::Rejected(_) => writer.rejected(section),
        }
    }
    Ok(writer.text.into_string())
}

struct Writer<'a> {
    text: Text,
    offer: &'a Offer,
    opened: &'a SessionOpened,
    /// The mid of the m-line that carries the candidates for the bundle (RFC 9143 §7.3.1).
    tagged: &'a str,
}

macro_rules! line {
    ($writer:expr, $($format:tt)+) => {
        $writer.text.line(format_args!($($format)+))
    };
}

impl Writer<'_> {
    fn session(&mut self, session: SessionId, bundle: &[String]) {
        line!(self, "v=0");
        // RFC 9429 §5.2.1: 63 bits, so that it fits a signed integer.
        let id = session.0 & u128::from(u64::MAX >> 1);
        line!(self, "o=- {id} 1 IN IP4 0.0.0.0");
        line!(self, "s=-");
        line!(self, "t=0 0");
        line!(self, "a=ice-lite");
        // RFC 8445 §10 asks for ice2; trickled candidates are taken, and not needed.
        line!(self, "a=ice-options:trickle ice2");
        line!(self, "a=group:BUNDLE {}", bundle.join(" "));
        line!(self, "a=msid-semantic:WMS *");
        if self.offer.shared.extmap_allow_mixed {
            line!(self, "a=extmap-allow-mixed");
        }
    }

    fn publish(&mut self, section: &Section, line: &PublishLine) {
        let codec = SlotCodec {
            codec: line.codec,
            payload_type: line.payload_type,
            rtx_payload_type: line.rtx_payload_type,
        };
        self.begin(section, &[codec]);
        line!(self, "a=recvonly");
        self.transport(section);
        self.extensions(section, Way::Publish);
        self.codecs(section, &[codec], Way::Publish);
        for rid in &line.rids {
            line!(self, "a=rid:{} recv", rid.as_str());
        }
        if !line.rids.is_empty() {
            let rids: Vec<&str> = line.rids.iter().map(|rid| rid.as_str()).collect();
            line!(self, "a=simulcast:recv {}", rids.join(";"));
        }
        self.candidates(section);
    }

    fn slot(&mut self, section: &Section, line: &SlotLine, source: &SlotSource) {
        self.begin(section, &line.codecs);
        line!(self, "a=sendonly");
        self.transport(section);
        self.extensions(section, Way::Slot);
        self.codecs(section, &line.codecs, Way::Slot);
        // A stream of its own, else browsers would hold slots back to play them in step.
        let name = format!("slot-{}", line.mid.as_str());
        let track = match line.kind {
            SlotKind::Audio => "audio",
            SlotKind::Video => "video",
            SlotKind::Screen => "screen",
        };
        line!(self, "a=msid:{name} {name}-{track}");
        let SlotSource { ssrc, rtx_ssrc } = source;
        let is_repaired = line
            .codecs
            .iter()
            .any(|codec| codec.rtx_payload_type.is_some());
        if is_repaired {
            line!(self, "a=ssrc-group:FID {ssrc} {rtx_ssrc}");
        }
        line!(self, "a=ssrc:{ssrc} cname:{name}");
        if is_repaired {
            line!(self, "a=ssrc:{rtx_ssrc} cname:{name}");
        }
        self.candidates(section);
    }

    fn idle(&mut self, section: &Section, codecs: &[SlotCodec]) {
        self.begin(section, codecs);
        line!(self, "a=inactive");
        self.transport(section);
        self.codecs(section, codecs, Way::Neither);
        self.candidates(section);
    }

    /// RFC 3264 §6: port 0, and the formats of the offer, for want of others.
    fn rejected(&mut self, section: &Section) {
        let formats = section.formats.join(" ");
        line!(self, "m={} 0 {} {formats}", section.media, section.protocol);
        line!(self, "c=IN IP4 0.0.0.0");
        if let Some(mid) = &section.mid {
            line!(self, "a=mid:{}", mid.value);
        }
        line!(self, "a=inactive");
    }

    fn begin(&mut self, section: &Section, codecs: &[SlotCodec]) {
        let formats: Vec<String> = codecs
            .iter()
            .flat_map(|codec| [Some(codec.payload_type), codec.rtx_payload_type])
            .flatten()
            .map(|number| number.to_string())
            .collect();
        let (address, port) = self.default_destination(section);
        let formats = formats.join(" ");
        line!(
            self,
            "m={} {port} {} {formats}",
            section.media,
            section.protocol
        );
        match address {
            IpAddr::V4(address) => line!(self, "c=IN IP4 {address}"),
            IpAddr::V6(address) => line!(self, "c=IN IP6 {address}"),
        }
        if let Some(mid) = &section.mid {
            line!(self, "a=mid:{}", mid.value);
        }
    }

    /// RFC 8839 §4.2.1.2: one of the candidates, IPv4 for the sake of old parsers; the discard
    /// port for m-lines that borrow the transport of the tagged one.
    fn default_destination(&self, section: &Section) -> (IpAddr, u16) {
        let candidates = &self.opened.candidates;
        let best = candidates
            .iter()
            .find(|candidate| candidate.is_ipv4())
            .or_else(|| candidates.first())
            .filter(|_| self.is_tagged(section));
        best.map_or_else(
            || (IpAddr::from([0, 0, 0, 0]), 9),
            |best: &SocketAddr| (best.ip(), best.port()),
        )
    }

    fn is_tagged(&self, section: &Section) -> bool {
        section
            .mid
            .as_ref()
            .is_some_and(|mid| mid.value == self.tagged)
    }

    /// RFC 9143 §7.3 wants these on the tagged m-line alone; browsers write them on all, and some
    /// WHIP clients look for them there.
    fn transport(&mut self, section: &Section) {
        let IceCredentials { ufrag, password } = &self.opened.ice;
        line!(self, "a=ice-ufrag:{ufrag}");
        line!(self, "a=ice-pwd:{password}");
        let hex: Vec<String> = self
            .opened
            .fingerprint
            .0
            .iter()
            .map(|b| format!("{b:02X}"))
            .collect();
        line!(self, "a=fingerprint:sha-256 {}", hex.join(":"));
        line!(self, "a=setup:passive");
        line!(self, "a=rtcp-mux");
        if section.rtcp_rsize {
            line!(self, "a=rtcp-rsize");
        }
    }

    fn candidates(&mut self, section: &Section) {
        if self.is_tagged(section) {
            candidate::write(&mut self.text, &self.opened.candidates);
        }
    }

    fn extensions(&mut self, section: &Section, way: Way) {
        if section.shared.extmap_allow_mixed {
            line!(self, "a=extmap-allow-mixed");
        }
        for common in extension::common(self.offer, section, way) {
            line!(self, "a=extmap:{}", common.answer());
        }
    }

    fn codecs(&mut self, section: &Section, codecs: &[SlotCodec], way: Way) {
        let has_transport_cc = extension::common(self.offer, section, way)
            .any(|common| common.extension == extension::Extension::TransportCc);
        for SlotCodec {
            codec,
            payload_type,
            rtx_payload_type,
        } in codecs
        {
            let number = *payload_type;
            let name = match codec {
                Codec::Opus => "opus/48000/2",
                Codec::Vp8 => "VP8/90000",
                Codec::H264 => "H264/90000",
            };
            line!(self, "a=rtpmap:{number} {name}");
            let feedback = FEEDBACK
                .into_iter()
                .chain(has_transport_cc.then_some(TRANSPORT_CC));
            // RFC 4585 §4.2: an answer takes from what is offered.
            for what in feedback.filter(|what| section.offers_feedback(number, what)) {
                line!(self, "a=rtcp-fb:{number} {what}");
            }
            let fmtp = codec::answered_parameters(*codec, section.fmtp(number), way);
            if !fmtp.is_empty() {
                line!(self, "a=fmtp:{number} {fmtp}");
            }
            if let Some(rtx) = rtx_payload_type {
                line!(self, "a=rtpmap:{rtx} rtx/90000");
                line!(self, "a=fmtp:{rtx} apt={number}");
            }
        }
    }
}
