//! What is agreed for one m-line.

use std::collections::HashSet;

use sfu_proto::control::{Codec, Mid, PublishLine, Rid, SlotCodec, SlotKind, SlotLine, Source};
use sfu_proto::limits::RIDS_PER_LINE_MAX;

use super::codec;
use super::error::{Lacks, Rejection, SdpError};
use super::extension::{self, Extension, Way};
use super::offer::Offer;
use super::section::Section;

#[derive(Clone, Debug)]
pub(super) enum Line {
    Publish(PublishLine),
    Slot(SlotLine),
    /// Answered `inactive`: it carries nothing, and stays a part of the bundle. Chromium cannot
    /// lose the first m-line of its bundle ("Failed to setup RTCP mux").
    Idle(Vec<SlotCodec>, Rejection),
    /// Answered with port 0.
    Rejected(Rejection),
}

impl Line {
    /// `None` if it is no part of the bundle.
    pub(super) fn way(&self) -> Option<Way> {
        match self {
            Self::Publish(_) => Some(Way::Publish),
            Self::Slot(_) => Some(Way::Slot),
            Self::Idle(..) => Some(Way::Neither),
            Self::Rejected(_) => None,
        }
    }

    pub(super) fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Publish(_) | Self::Slot(_) => None,
            Self::Idle(_, rejection) | Self::Rejected(rejection) => Some(*rejection),
        }
    }

    pub(super) fn idle(
        offer: &Offer,
        section: &Section,
        why: Rejection,
        codecs: &[Codec],
    ) -> Result<Self, SdpError> {
        let codecs = codec::offered(section, codecs);
        if codecs.is_empty() {
            return Ok(Self::Rejected(why));
        }
        mid(offer, section)?;
        Ok(Self::Idle(codecs, why))
    }

    /// One codec, the first of `codecs` that is offered: a source never changes its own.
    pub(super) fn publish(
        offer: &Offer,
        section: &Section,
        source: Source,
        codecs: &[Codec],
    ) -> Result<Self, SdpError> {
        let offered = codec::offered(section, codecs);
        let Some(chosen) = offered.first() else {
            return Ok(Self::Rejected(Rejection::Codec));
        };
        let rids = rids(offer, section, chosen.payload_type);
        let (ssrc, repair) = ssrcs(section);
        // Rids tell the encodings apart; there is no one SSRC then.
        let ssrc = ssrc.filter(|_| rids.is_empty());
        Ok(Self::Publish(PublishLine {
            mid: mid(offer, section)?,
            source,
            codec: chosen.codec,
            payload_type: chosen.payload_type,
            rtx_payload_type: chosen.rtx_payload_type,
            rtx_ssrc: repair.filter(|_| ssrc.is_some() && chosen.rtx_payload_type.is_some()),
            ssrc,
            rids,
        }))
    }

    /// Every one of `codecs` that is offered: sources differ.
    pub(super) fn slot(
        offer: &Offer,
        section: &Section,
        kind: SlotKind,
        codecs: &[Codec],
    ) -> Result<Self, SdpError> {
        let codecs = codec::offered(section, codecs);
        if codecs.is_empty() {
            return Ok(Self::Rejected(Rejection::Codec));
        }
        Ok(Self::Slot(SlotLine {
            mid: mid(offer, section)?,
            kind,
            codecs,
        }))
    }
}

fn mid(offer: &Offer, section: &Section) -> Result<Mid, SdpError> {
    match &section.mid {
        None => Err(offer.error(section.line, Lacks::Mid)),
        Some(at) => {
            Mid::new(at.value.as_bytes()).ok_or_else(|| offer.error(at.line, Lacks::ShortMid))
        }
    }
}

/// The encodings of a simulcast in the order of the offer, of each the first alternative that can
/// go in `payload_type`; the first few if there are more than the core keeps apart. None without
/// the header extension that names them in packets.
fn rids(offer: &Offer, section: &Section, payload_type: u8) -> Vec<Rid> {
    let named = extension::common(offer, section, Way::Publish)
        .any(|common| common.extension == Extension::Rid);
    if !named {
        return Vec::new();
    }
    let is_sendable = |rid: &&String| {
        section.rids.iter().any(|line| {
            let fits = line.payload_types.is_empty() || line.payload_types.contains(&payload_type);
            line.sends && line.rid == **rid && fits
        })
    };
    let mut seen = HashSet::new();
    section
        .simulcast
        .iter()
        .filter_map(|alternatives| alternatives.iter().find(is_sendable))
        .filter_map(|rid| Rid::new(rid.as_bytes()))
        .filter(|rid| seen.insert(*rid))
        .take(RIDS_PER_LINE_MAX)
        .collect()
}

/// The media's SSRC and its repair stream's, as far as the offer says.
fn ssrcs(section: &Section) -> (Option<u32>, Option<u32>) {
    match section.fid_groups.first() {
        Some((media, repair)) => (Some(*media), Some(*repair)),
        None => (section.ssrcs.first().copied(), None),
    }
}
