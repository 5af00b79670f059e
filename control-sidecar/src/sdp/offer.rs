//! The text of an offer (RFC 8866) as sections with the attributes that matter here. Parsing
//! refuses what breaks a grammar; whether the offer is of any use is for `plan` to say.

use super::error::{Broken, SdpError, SdpErrorKind};
use super::grammar::{Line, lines};
use super::section::{Section, Shared};

/// m-lines of one offer: three to send, 32 slots, and room for what gets port 0.
const SECTIONS_MAX: usize = 64;
/// `a=group` lines of one offer.
const GROUPS_MAX: usize = 8;
/// m-lines and session part begin with these letters; each may be followed by those of its string.
const SESSION_LETTERS: &str = "iuepcbtrzka";
const SECTION_LETTERS: &str = "icbka";
const BEGINNING: [(&str, char); 3] = [("v=0", 'v'), ("o=", 'o'), ("s=", 's')];

/// An offer whose grammar is sound.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The whole text: errors of later steps quote its lines.
    text: String,
    /// The line of `a=ice-lite`.
    pub(super) ice_lite: Option<usize>,
    /// The mids of each BUNDLE group, in its order.
    pub(super) bundles: Vec<Vec<String>>,
    pub(super) shared: Shared,
    pub(super) sections: Vec<Section>,
}

/// Reads the text of an offer.
pub fn parse(text: &str) -> Result<Offer, SdpError> {
    let mut offer = Offer {
        text: text.to_owned(),
        ice_lite: None,
        bundles: Vec::new(),
        shared: Shared::default(),
        sections: Vec::new(),
    };
    let mut beginning = BEGINNING.iter();
    for line in lines(text) {
        let line = line?;
        if let Some((expected, letter)) = beginning.next() {
            if line.letter != *letter || (*letter == 'v' && line.value != "0") {
                return Err(line.error(Broken::Beginning { expected }));
            }
            continue;
        }
        offer.take(&line)?;
    }
    match beginning.next() {
        Some((expected, _)) => {
            let broken = Broken::Beginning { expected };
            Err(offer.error(lines(text).count(), broken))
        }
        None => Ok(offer),
    }
}

impl Offer {
    fn take(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        match (line.letter, self.sections.last_mut()) {
            ('m', _) => self.begin_section(line),
            ('a', Some(section)) => {
                section.take(line)?;
                self.check_mid(line)
            }
            ('a', None) => self.take_session(line),
            (letter, Some(_)) if SECTION_LETTERS.contains(letter) => Ok(()),
            (letter, None) if SESSION_LETTERS.contains(letter) => Ok(()),
            _ => Err(line.error(Broken::WrongLetter)),
        }
    }

    fn begin_section(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        if self.sections.len() == SECTIONS_MAX {
            return Err(line.error(Broken::TooMany {
                what: "m-lines",
                max: SECTIONS_MAX,
            }));
        }
        self.sections.push(Section::begin(line)?);
        Ok(())
    }

    fn take_session(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        match line.attribute() {
            ("ice-lite", _) => self.ice_lite = Some(line.number),
            ("group", value) => {
                let mut words = value.split_ascii_whitespace();
                if words.next() == Some("BUNDLE") {
                    if self.bundles.len() == GROUPS_MAX {
                        return Err(line.error(Broken::TooMany {
                            what: "BUNDLE groups",
                            max: GROUPS_MAX,
                        }));
                    }
                    self.bundles.push(words.map(str::to_owned).collect());
                }
            }
            _ => {
                self.shared.take(line)?;
            }
        }
        Ok(())
    }

    /// No two sections have one mid; called after each attribute, so only the newest can offend.
    fn check_mid(&self, line: &Line<'_>) -> Result<(), SdpError> {
        let mut sections = self.sections.iter().rev();
        let newest = sections.next().and_then(|section| section.mid.as_ref());
        match newest.filter(|mid| mid.line == line.number) {
            Some(mid)
                if sections
                    .filter_map(|section| section.mid.as_ref())
                    .any(|other| other.value == mid.value) =>
            {
                Err(line.error(Broken::DuplicateMid))
            }
            _ => Ok(()),
        }
    }

    /// An error about a line of this offer.
    pub(super) fn error(&self, line: usize, kind: impl Into<SdpErrorKind>) -> SdpError {
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        SdpError::new(line, text, kind)
    }
}
