//! From an offer to a session: what each m-line is for, as DESIGN D1 decides, and whether the
//! transport under them all is one that this server can answer.

use std::collections::HashSet;

use sfu_proto::control::{Codec, SessionPlan, SlotKind, Source};
use sfu_proto::ids::ParticipantId;
use sfu_proto::limits::{PUBLISH_LINES_MAX, SLOTS_PER_SESSION_MAX};

use super::attribute::Direction;
use super::error::{Broken, Lacks, Rejection, SdpError};
use super::extension::{self, Way};
use super::line::Line;
use super::offer::Offer;
use super::section::{MediaKind, Section};
use super::transport;

/// What the meeting grants a participant.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Viewers may not.
    pub may_publish: bool,
    /// The meeting's video codecs, the preferred one first.
    pub video: &'a [Codec],
}

/// What `answer` needs to know of a plan.
#[derive(Clone, Debug)]
pub struct Negotiated {
    /// One for each m-line of the offer, in its order.
    pub(super) lines: Vec<Line>,
    /// The mids of the accepted lines in the order of the offer's BUNDLE group.
    pub(super) bundle: Vec<String>,
}

/// An m-line that is part of the bundle, and which way its media goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted<'a> {
    pub section: &'a Section,
    pub way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Publish(Source),
    Slot(SlotKind),
    Idle(Rejection),
}

/// Decides over each m-line, and refuses the offer if no session can come of it.
pub fn plan(
    offer: &Offer,
    participant: ParticipantId,
    terms: &Terms<'_>,
) -> Result<(SessionPlan, Negotiated), SdpError> {
    let lines = decide(offer, terms)?;
    let accepted = accepted(offer, &lines)?;
    check_ssrcs(offer, &lines)?;
    let bundle = transport::bundle(offer, &accepted)?;
    let mut plan = SessionPlan {
        participant,
        ice: transport::ice(offer, &accepted)?,
        fingerprint: transport::fingerprint(offer, &accepted)?,
        extensions: extension::negotiate(offer, &accepted)?,
        publish: Vec::new(),
        slots: Vec::new(),
    };
    transport::check_setup(offer, &accepted)?;
    for line in &lines {
        match line {
            Line::Publish(line) => plan.publish.push(line.clone()),
            Line::Slot(line) => plan.slots.push(line.clone()),
            Line::Idle(..) | Line::Rejected(_) => {}
        }
    }
    debug_assert!(plan.publish.len() <= PUBLISH_LINES_MAX);
    Ok((plan, Negotiated { lines, bundle }))
}

fn decide(offer: &Offer, terms: &Terms<'_>) -> Result<Vec<Line>, SdpError> {
    let mut slots = 0;
    let mut lines = Vec::with_capacity(offer.sections.len());
    for (section, purpose) in offer.sections.iter().zip(purposes(offer, terms)) {
        let codecs = match section.kind {
            MediaKind::Audio => &[Codec::Opus],
            _ => terms.video,
        };
        let line = match purpose {
            Ok(Purpose::Publish(source)) => Line::publish(offer, section, source, codecs)?,
            Ok(Purpose::Slot(_)) if slots == SLOTS_PER_SESSION_MAX => {
                Line::Rejected(Rejection::TooManySlots)
            }
            Ok(Purpose::Slot(kind)) => Line::slot(offer, section, kind, codecs)?,
            Ok(Purpose::Idle(why)) => Line::idle(offer, section, why, codecs)?,
            Err(rejection) => Line::Rejected(rejection),
        };
        slots += usize::from(matches!(line, Line::Slot(_)));
        lines.push(line);
    }
    Ok(lines)
}

/// What each m-line is for: of those that send the first audio, camera and screen, and all that
/// receive.
fn purposes(offer: &Offer, terms: &Terms<'_>) -> Vec<Result<Purpose, Rejection>> {
    // Without any mark, the second video that is sent is the screen.
    let screen_is_marked = offer
        .sections
        .iter()
        .any(|s| s.slides && direction(offer, s).sends() && check_usable(s).is_ok());
    let mut taken = [false; Source::ALL.len()];
    offer
        .sections
        .iter()
        .map(|section| {
            check_usable(section)?;
            match direction(offer, section) {
                Direction::RecvOnly => return Ok(Purpose::Slot(slot_kind(section))),
                Direction::Inactive => return Ok(Purpose::Idle(Rejection::Inactive)),
                Direction::SendOnly | Direction::SendRecv if !terms.may_publish => {
                    return Ok(Purpose::Idle(Rejection::MayNotPublish));
                }
                Direction::SendOnly | Direction::SendRecv => {}
            }
            let camera_is_taken = taken[Source::Camera.index()];
            let source = match section.kind {
                MediaKind::Audio => Source::Audio,
                _ if section.slides => Source::Screen,
                _ if camera_is_taken && !screen_is_marked => Source::Screen,
                _ => Source::Camera,
            };
            if core::mem::replace(&mut taken[source.index()], true) {
                return Err(Rejection::OneOfEach);
            }
            Ok(Purpose::Publish(source))
        })
        .collect()
}

fn check_usable(section: &Section) -> Result<(), Rejection> {
    // RFC 9143 §6: port 0 with a=bundle-only is not disabled.
    if section.port_is_zero && !section.bundle_only {
        return Err(Rejection::Inactive);
    }
    if section.kind == MediaKind::Other {
        return Err(Rejection::NotMedia);
    }
    // RFC 9429 §5.1.2 has the last for offers of old clients.
    match section.protocol.as_str() {
        "UDP/TLS/RTP/SAVPF" | "TCP/DTLS/RTP/SAVPF" | "RTP/SAVPF" => Ok(()),
        _ => Err(Rejection::Profile),
    }
}

fn slot_kind(section: &Section) -> SlotKind {
    match section.kind {
        MediaKind::Audio => SlotKind::Audio,
        _ if section.slides => SlotKind::Screen,
        _ => SlotKind::Video,
    }
}

fn direction(offer: &Offer, section: &Section) -> Direction {
    let said = section.shared.direction.or(offer.shared.direction);
    said.unwrap_or(Direction::SendRecv)
}

fn accepted<'a>(offer: &'a Offer, lines: &[Line]) -> Result<Vec<Accepted<'a>>, SdpError> {
    let mut accepted = Vec::with_capacity(lines.len());
    let mut carries_media = false;
    let mut first_rejection = None;
    for (section, line) in offer.sections.iter().zip(lines) {
        if let Some(way) = line.way() {
            accepted.push(Accepted { section, way });
        }
        match line.rejection() {
            None => carries_media = true,
            Some(rejection) => {
                first_rejection.get_or_insert((section.line, rejection));
            }
        }
    }
    match first_rejection {
        _ if carries_media => Ok(accepted),
        Some((line, rejection)) => Err(offer.error(line, Lacks::Media(rejection))),
        None => Err(offer.error(1, Lacks::AnyMedia)),
    }
}

fn check_ssrcs(offer: &Offer, lines: &[Line]) -> Result<(), SdpError> {
    let mut seen = HashSet::new();
    for (section, line) in offer.sections.iter().zip(lines) {
        let Line::Publish(line) = line else { continue };
        for ssrc in [line.ssrc, line.rtx_ssrc].into_iter().flatten() {
            if !seen.insert(ssrc) {
                return Err(offer.error(section.line, Broken::DuplicateSsrc));
            }
        }
    }
    Ok(())
}
