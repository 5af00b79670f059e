//! The one transport under all accepted m-lines: BUNDLE (RFC 9143), RTCP mux (RFC 5761), ICE
//! (RFC 8839) and DTLS (RFC 8842).

use sfu_proto::control::{Fingerprint, IceCredentials};

use super::attribute::Setup;
use super::error::{Lacks, SdpError};
use super::offer::Offer;
use super::plan::Accepted;
use super::section::{At, Section, Shared};

/// One group holds all accepted m-lines, each with its RTCP. Gives their mids in its order, which
/// says whose transport it is: the first's.
pub(super) fn bundle(offer: &Offer, accepted: &[Accepted<'_>]) -> Result<Vec<String>, SdpError> {
    let first = accepted.first().map_or("", |first| mid(first.section));
    let group = offer
        .bundles
        .iter()
        .find(|group| group.iter().any(|member| member == first));
    let members = group.map_or(&[][..], Vec::as_slice);
    let position = |accepted: &Accepted<'_>| {
        members
            .iter()
            .position(|member| member == mid(accepted.section))
    };
    let mut bundle = Vec::with_capacity(accepted.len());
    for accepted in accepted {
        let line = accepted.section.line;
        let position = position(accepted).ok_or_else(|| offer.error(line, Lacks::Bundle))?;
        if !accepted.section.rtcp_mux {
            return Err(offer.error(line, Lacks::RtcpMux));
        }
        bundle.push((position, mid(accepted.section).to_owned()));
    }
    bundle.sort();
    Ok(bundle.into_iter().map(|(_, mid)| mid).collect())
}

/// Accepted m-lines have one.
fn mid(section: &Section) -> &str {
    section.mid.as_ref().map_or("", |mid| mid.value.as_str())
}

pub(super) fn ice(offer: &Offer, accepted: &[Accepted<'_>]) -> Result<IceCredentials, SdpError> {
    // RFC 8445 §6.1.1: between two lite agents nobody would send checks.
    if let Some(line) = offer.ice_lite {
        return Err(offer.error(line, Lacks::FullIce));
    }
    let ufrag = one(offer, accepted, "ice-ufrag", |shared| {
        shared.ice_ufrag.as_ref()
    })?;
    let password = one(offer, accepted, "ice-pwd", |shared| shared.ice_pwd.as_ref())?;
    let line = first_line(accepted);
    match (ufrag, password) {
        (Some(ufrag), Some(password)) => Ok(IceCredentials {
            ufrag: ufrag.value.clone(),
            password: password.value.clone(),
        }),
        (None, _) => Err(offer.error(line, Lacks::IceUfrag)),
        (_, None) => Err(offer.error(line, Lacks::IcePwd)),
    }
}

pub(super) fn fingerprint(
    offer: &Offer,
    accepted: &[Accepted<'_>],
) -> Result<Fingerprint, SdpError> {
    if let Some(found) = one(offer, accepted, "fingerprint", |s| s.fingerprint.as_ref())? {
        return Ok(found.value);
    }
    let other = accepted
        .iter()
        .map(|accepted| &accepted.section.shared)
        .chain([&offer.shared])
        .find_map(|shared| shared.other_fingerprint);
    Err(match other {
        Some(line) => offer.error(line, Lacks::Sha256),
        None => offer.error(first_line(accepted), Lacks::Fingerprint),
    })
}

/// We answer passive, so that the SFU is the DTLS server (DESIGN D6).
pub(super) fn check_setup(offer: &Offer, accepted: &[Accepted<'_>]) -> Result<(), SdpError> {
    let Some(setup) = one(offer, accepted, "setup", |shared| shared.setup.as_ref())? else {
        return Err(offer.error(first_line(accepted), Lacks::Setup));
    };
    match setup.value {
        Setup::ActPass | Setup::Active => Ok(()),
        Setup::Passive | Setup::HoldConn => Err(offer.error(setup.line, Lacks::ActiveSetup)),
    }
}

/// The one value of an attribute of the transport. It need not stand in every m-line: those that
/// are not the first of the bundle may leave it out (RFC 9143 §7.1.3).
fn one<'a, T: PartialEq>(
    offer: &'a Offer,
    accepted: &[Accepted<'a>],
    name: &'static str,
    get: impl Fn(&'a Shared) -> Option<&'a At<T>>,
) -> Result<Option<&'a At<T>>, SdpError> {
    let mut found: Option<&At<T>> = None;
    for accepted in accepted {
        let Some(at) = get(&accepted.section.shared).or_else(|| get(&offer.shared)) else {
            continue;
        };
        if found.is_some_and(|found| found.value != at.value) {
            return Err(offer.error(at.line, Lacks::OneTransport { name }));
        }
        found = found.or(Some(at));
    }
    Ok(found)
}

fn first_line(accepted: &[Accepted<'_>]) -> usize {
    accepted.first().map_or(1, |accepted| accepted.section.line)
}
