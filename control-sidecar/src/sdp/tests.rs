//! The whole way, from the text of real offers to the text of answers. The offers are those of
//! Chromium 156 and Firefox 153: of the page, of a WHIP publisher and of a WHEP viewer.

mod answered;
mod fragments;
mod mutated;
mod planned;
mod refused;

use core::net::SocketAddr;

use sfu_proto::control::{
    Codec, Fingerprint, IceCredentials, SessionOpened, SessionPlan, SlotSource,
};
use sfu_proto::ids::{ParticipantId, SessionId};

use super::{Negotiated, Offer, SdpError, Terms, answer, offer, plan};

const CHROMIUM_PAGE: &str = include_str!("fixtures/chromium_page.sdp");
const CHROMIUM_WHIP: &str = include_str!("fixtures/chromium_whip.sdp");
const CHROMIUM_WHEP: &str = include_str!("fixtures/chromium_whep.sdp");
const FIREFOX_PAGE: &str = include_str!("fixtures/firefox_page.sdp");
const FIREFOX_WHIP: &str = include_str!("fixtures/firefox_whip.sdp");
const FIREFOX_WHEP: &str = include_str!("fixtures/firefox_whep.sdp");

const ALL: [&str; 6] = [
    CHROMIUM_PAGE,
    CHROMIUM_WHIP,
    CHROMIUM_WHEP,
    FIREFOX_PAGE,
    FIREFOX_WHIP,
    FIREFOX_WHEP,
];

const TERMS: Terms<'_> = Terms {
    may_publish: true,
    video: &[Codec::Vp8, Codec::H264],
};
const VIEWER: Terms<'_> = Terms {
    may_publish: false,
    ..TERMS
};

fn planned(text: &str, terms: &Terms<'_>) -> Result<(Offer, SessionPlan, Negotiated), SdpError> {
    let offer = offer::parse(text)?;
    let (plan, negotiated) = plan(&offer, ParticipantId(7), terms)?;
    Ok((offer, plan, negotiated))
}

fn plan_of(text: &str) -> SessionPlan {
    let (_, plan, _) = planned(text, &TERMS).expect("a sound offer");
    plan
}

fn refusal_of(text: &str) -> SdpError {
    match planned(text, &TERMS) {
        Ok(_) => panic!("the offer was taken"),
        Err(error) => error,
    }
}

/// What a core would say to a plan of so many slots.
fn opened(slots: usize) -> SessionOpened {
    let candidates = ["192.0.2.1:40000", "[2001:db8::1]:40000"];
    SessionOpened {
        ice: IceCredentials {
            ufrag: "n0w0abcd".to_owned(),
            password: "0123456789abcdefghijklmn".to_owned(),
        },
        fingerprint: Fingerprint([0xAB; 32]),
        candidates: candidates
            .map(|text| text.parse::<SocketAddr>().expect("an address"))
            .to_vec(),
        slots: (1000..)
            .step_by(2)
            .take(slots)
            .map(|ssrc| SlotSource {
                ssrc,
                rtx_ssrc: ssrc + 1,
            })
            .collect(),
    }
}

fn answer_to(text: &str, terms: &Terms<'_>) -> Result<String, SdpError> {
    let (offer, plan, negotiated) = planned(text, terms)?;
    let opened = opened(plan.slots.len());
    Ok(answer(&offer, &negotiated, &opened, SessionId(u128::MAX)).expect("as many slots"))
}

/// `text` with its first `from` made `to`; fails if there is none.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the offer");
    text.replacen(from, to, 1)
}

/// `text` with every `from` made `to`.
fn with_all(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the offer");
    text.replace(from, to)
}

/// `text` without the lines that begin so.
fn without(text: &str, beginning: &str) -> String {
    let kept: Vec<&str> = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(beginning))
        .collect();
    assert!(
        kept.concat().len() < text.len(),
        "no {beginning} to leave out"
    );
    kept.concat()
}

/// The number of the first line that begins so, from 1.
fn line_of(text: &str, beginning: &str) -> usize {
    let index = text.lines().position(|line| line.starts_with(beginning));
    index.expect("such a line") + 1
}
