//! `application/trickle-ice-sdpfrag` (RFC 8840 §9), the body of a PATCH on a media session
//! (RFC 9725 §4.3): candidates, which an ICE-lite agent has no use for, or new credentials, which
//! ask for an ICE restart.

use sfu_proto::control::{IceCredentials, SessionOpened};

use super::candidate;
use super::error::{Broken, Lacks, SdpError};
use super::grammar::{Line, lines};
use super::section::{Section, Shared};
use super::text::Text;

/// Candidates of one fragment: a browser has a handful.
const CANDIDATES_MAX: usize = 256;

/// A fragment whose grammar is sound.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The far side's credentials; a trickled candidate comes with the current ones.
    pub ice: Option<IceCredentials>,
    pub candidates: usize,
    pub end_of_candidates: bool,
    /// The first m-line as written, and its mid: the answer's candidates stand under it.
    media: Option<(String, Option<String>)>,
    /// `a=group` as written.
    group: Option<String>,
}

/// Reads a fragment.
pub fn parse(text: &str) -> Result<Fragment, SdpError> {
    let mut fragment = Fragment {
        ice: None,
        candidates: 0,
        end_of_candidates: false,
        media: None,
        group: None,
    };
    let mut shared = Shared::default();
    for line in lines(text) {
        let line = line?;
        match line.letter {
            'm' => {
                let section = Section::begin(&line)?;
                if fragment.media.is_none() {
                    let formats = section.formats.join(" ");
                    let Section {
                        media, protocol, ..
                    } = section;
                    fragment.media = Some((format!("m={media} 9 {protocol} {formats}"), None));
                }
            }
            'a' => fragment.take(&line, &mut shared)?,
            _ => return Err(line.error(Broken::WrongLetter)),
        }
    }
    fragment.ice = match (shared.ice_ufrag, shared.ice_pwd) {
        (Some(ufrag), Some(password)) => Some(IceCredentials {
            ufrag: ufrag.value,
            password: password.value,
        }),
        (None, None) => None,
        (Some(ufrag), None) => return Err(lacks(text, ufrag.line, Lacks::IcePwd)),
        (None, Some(password)) => return Err(lacks(text, password.line, Lacks::IceUfrag)),
    };
    Ok(fragment)
}

fn lacks(text: &str, line: usize, lacks: Lacks) -> SdpError {
    let text = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
    SdpError::new(line, text, lacks)
}

impl Fragment {
    fn take(&mut self, line: &Line<'_>, shared: &mut Shared) -> Result<(), SdpError> {
        match (line.attribute(), self.media.as_mut()) {
            (("candidate", value), _) => {
                if !candidate::is_candidate(value) {
                    return Err(line.error(Broken::Attribute {
                        name: "candidate",
                        rule: "a candidate as RFC 8839 §5.1 writes it",
                    }));
                }
                if self.candidates == CANDIDATES_MAX {
                    return Err(line.error(Broken::TooMany {
                        what: "candidates",
                        max: CANDIDATES_MAX,
                    }));
                }
                self.candidates += 1;
            }
            (("end-of-candidates", _), _) => self.end_of_candidates = true,
            (("mid", value), Some((_, mid @ None))) => *mid = Some(value.to_owned()),
            (("group", value), None) => self.group = Some(value.to_owned()),
            (("ice-ufrag" | "ice-pwd", _), _) => {
                shared.take(line)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The new credentials, if they differ from the session's: an ICE restart.
    pub fn restart(&self, current: &IceCredentials) -> Option<&IceCredentials> {
        self.ice.as_ref().filter(|ice| *ice != current)
    }

    /// Our side of an ICE restart (RFC 9725 §4.3.3), for the m-line that the fragment names.
    pub fn answer(&self, opened: &SessionOpened) -> String {
        let mut text = Text::default();
        text.line(format_args!("a=ice-lite"));
        text.line(format_args!("a=ice-options:trickle ice2"));
        if let Some(group) = &self.group {
            text.line(format_args!("a=group:{group}"));
        }
        if let Some((media, mid)) = &self.media {
            text.line(format_args!("{media}"));
            if let Some(mid) = mid {
                text.line(format_args!("a=mid:{mid}"));
            }
        }
        let IceCredentials { ufrag, password } = &opened.ice;
        text.line(format_args!("a=ice-ufrag:{ufrag}"));
        text.line(format_args!("a=ice-pwd:{password}"));
        candidate::write(&mut text, &opened.candidates);
        text.into_string()
    }
}
