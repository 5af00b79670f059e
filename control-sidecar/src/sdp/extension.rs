//! Header extensions (RFC 8285): which of those we know an m-line offers for its direction of
//! media, and the one id that each has over the whole bundle.

use std::collections::HashMap;

use sfu_proto::control::ExtensionIds;

use super::attribute::{Direction, ExtMap};
use super::error::{Lacks, SdpError};
use super::offer::Offer;
use super::plan::Accepted;
use super::section::Section;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    Mid,
    Rid,
    RepairedRid,
    AudioLevel,
    AbsSendTime,
    TransportCc,
}

/// Which way the media of an m-line goes: extensions ride with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the participant to us.
    Publish,
    /// From us to the participant.
    Slot,
    /// It carries none.
    Neither,
}

impl Extension {
    const ALL: [Self; 6] = [
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::AudioLevel,
        Self::AbsSendTime,
        Self::TransportCc,
    ];

    const fn uri(self) -> &'static str {
        match self {
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::TransportCc => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
        }
    }

    fn of(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.uri() == uri)
    }

    fn is_used(self, way: Way) -> bool {
        match way {
            Way::Publish => true,
            // The core does not pace by transport-cc yet, and never sends more than one encoding.
            Way::Slot => matches!(self, Self::Mid | Self::AudioLevel | Self::AbsSendTime),
            Way::Neither => false,
        }
    }

    fn id_in(self, ids: &mut ExtensionIds) -> &mut Option<u8> {
        match self {
            Self::Mid => &mut ids.mid,
            Self::Rid => &mut ids.rid,
            Self::RepairedRid => &mut ids.repaired_rid,
            Self::AudioLevel => &mut ids.audio_level,
            Self::AbsSendTime => &mut ids.abs_send_time,
            Self::TransportCc => &mut ids.transport_cc,
        }
    }
}

/// An extension that both sides know on an m-line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common<'a> {
    pub extension: Extension,
    pub id: u8,
    pub offered: &'a ExtMap,
}

pub(super) fn common<'a>(
    offer: &'a Offer,
    section: &'a Section,
    way: Way,
) -> impl Iterator<Item = Common<'a>> {
    let mixed = allows_mixed(offer, section);
    all(offer, section).filter_map(move |extmap| {
        let extension = Extension::of(&extmap.uri).filter(|known| known.is_used(way))?;
        let rides = match (way, extmap.direction) {
            (_, None) | (Way::Neither, _) => true,
            (Way::Publish, Some(direction)) => direction.sends(),
            (Way::Slot, Some(direction)) => direction.receives(),
        };
        // RFC 8285 §4.2: 15 and up need the two-byte form, which §6 lets a stream mix with the
        // one-byte form only when both sides say so.
        let id = u8::try_from(extmap.id)
            .ok()
            .filter(|id| *id <= 14 || mixed)?;
        rides.then_some(Common {
            extension,
            id,
            offered: extmap,
        })
    })
}

impl Common<'_> {
    /// `<id>[/<direction>] <URI>` for the answer: a direction only where the offer has one, and
    /// then the reverse (RFC 8285 §5).
    pub(super) fn answer(&self) -> String {
        let direction = match self.offered.direction {
            None => "",
            Some(Direction::SendRecv) => "/sendrecv",
            Some(Direction::SendOnly) => "/recvonly",
            Some(Direction::RecvOnly) => "/sendonly",
            Some(Direction::Inactive) => "/inactive",
        };
        format!("{}{direction} {}", self.id, self.extension.uri())
    }
}

pub(super) fn allows_mixed(offer: &Offer, section: &Section) -> bool {
    offer.shared.extmap_allow_mixed || section.shared.extmap_allow_mixed
}

fn all<'a>(offer: &'a Offer, section: &'a Section) -> impl Iterator<Item = &'a ExtMap> {
    offer.shared.extmaps.iter().chain(&section.shared.extmaps)
}

/// The ids of a session. In a bundle an id has one meaning (RFC 9143), whoever knows it.
pub(super) fn negotiate(
    offer: &Offer,
    accepted: &[Accepted<'_>],
) -> Result<ExtensionIds, SdpError> {
    let mut meanings: HashMap<u16, &str> = HashMap::new();
    let mut numbers: HashMap<&str, u16> = HashMap::new();
    for extmap in accepted.iter().flat_map(|a| all(offer, a.section)) {
        if *meanings.entry(extmap.id).or_insert(&extmap.uri) != extmap.uri {
            return Err(offer.error(extmap.line, Lacks::OneExtensionPerId));
        }
        let number = *numbers.entry(&extmap.uri).or_insert(extmap.id);
        if number != extmap.id && Extension::of(&extmap.uri).is_some() {
            return Err(offer.error(extmap.line, Lacks::OneExtensionId));
        }
    }
    let mut ids = ExtensionIds::default();
    for accepted in accepted {
        for common in common(offer, accepted.section, accepted.way) {
            *common.extension.id_in(&mut ids) = Some(common.id);
        }
    }
    Ok(ids)
}
