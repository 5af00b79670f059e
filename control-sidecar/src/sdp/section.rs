//! One m-line with its attributes, as the offer says them. Attributes that nobody here reads are
//! passed over; of a media that we do not carry only the mid is read, for the answer to repeat.

use sfu_proto::control::Fingerprint;

use super::attribute::{
    self as attr, Direction, ExtMap, Hash, RidLine, RtpMap, Setup, fid_group, ssrc,
};
use super::error::{Broken, SdpError};
use super::grammar::{Line, is_ice_word, is_token};

/// Values of one attribute in one m-line: Chromium has 34 payload types and 140 feedback lines.
const VALUES_MAX: usize = 512;

/// A value and the line it stands in.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub line: usize,
    pub value: T,
}

/// The attributes that may stand in the session part or in an m-line, which then wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub direction: Option<Direction>,
    pub ice_ufrag: Option<At<String>>,
    pub ice_pwd: Option<At<String>>,
    /// The sha-256 one.
    pub fingerprint: Option<At<Fingerprint>>,
    /// The line of a fingerprint by another hash function.
    pub other_fingerprint: Option<usize>,
    pub setup: Option<At<Setup>>,
    pub extmaps: Vec<ExtMap>,
    pub extmap_allow_mixed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaKind {
    Audio,
    Video,
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    /// Of its `m=`.
    pub line: usize,
    pub kind: MediaKind,
    /// As written, for the answer to repeat.
    pub media: String,
    pub protocol: String,
    pub formats: Vec<String>,
    pub port_is_zero: bool,
    pub mid: Option<At<String>>,
    pub bundle_only: bool,
    pub rtcp_mux: bool,
    pub rtcp_rsize: bool,
    /// `a=content:slides` (RFC 4796): a shared screen.
    pub slides: bool,
    pub shared: Shared,
    pub rtpmaps: Vec<RtpMap>,
    pub fmtps: Vec<(u8, String)>,
    pub feedback: Vec<(Option<u8>, String)>,
    pub rids: Vec<RidLine>,
    /// What is sent: streams, each with its alternatives.
    pub simulcast: Vec<Vec<String>>,
    pub ssrcs: Vec<u32>,
    pub fid_groups: Vec<(u32, u32)>,
}

impl Shared {
    /// Takes the attribute if it is one of these; says whether it was.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Result<bool, SdpError> {
        let (name, value) = line.attribute();
        match name {
            "ice-ufrag" => {
                let rule = "4 to 256 of A-Z a-z 0-9 + / (RFC 8839 §5.4)";
                let word = is_ice_word(value, 4).then(|| value.to_owned());
                self.ice_ufrag = Some(at(line, need(line, "ice-ufrag", rule, word)?));
            }
            "ice-pwd" => {
                let rule = "22 to 256 of A-Z a-z 0-9 + / (RFC 8839 §5.4)";
                let word = is_ice_word(value, 22).then(|| value.to_owned());
                self.ice_pwd = Some(at(line, need(line, "ice-pwd", rule, word)?));
            }
            "fingerprint" => {
                let rule = "a hash function and its bytes as AA:BB:…, 32 for sha-256 (RFC 8122 §5)";
                match need(line, "fingerprint", rule, attr::fingerprint(value))? {
                    Hash::Sha256(print) => self.fingerprint = Some(at(line, print)),
                    Hash::Other => self.other_fingerprint = Some(line.number),
                }
            }
            "setup" => {
                let rule = "active, passive, actpass or holdconn (RFC 4145 §4)";
                self.setup = Some(at(line, need(line, "setup", rule, attr::setup(value))?));
            }
            "extmap" => {
                let rule = "an id from 1 to 255, a direction if any, and a URI (RFC 8285 §5)";
                let extmap = need(line, "extmap", rule, attr::extmap(value, line.number))?;
                push(line, "a=extmap", &mut self.extmaps, extmap)?;
            }
            "extmap-allow-mixed" => self.extmap_allow_mixed = true,
            _ => match Direction::parse(name) {
                Some(direction) => self.direction = Some(direction),
                None => return Ok(false),
            },
        }
        Ok(true)
    }
}

impl Section {
    /// `m=<media> <port>[/<count>] <protocol> <format> …` (RFC 8866 §5.14)
    pub(super) fn begin(line: &Line<'_>) -> Result<Self, SdpError> {
        let mut words = line.value.split(' ');
        let (media, port, protocol) = (words.next(), words.next(), words.next());
        let formats: Vec<String> = words.map(str::to_owned).collect();
        let port = port
            .and_then(|port| port.split('/').next())
            .and_then(|port| port.parse::<u16>().ok());
        let (Some(media), Some(port), Some(protocol)) = (media, port, protocol) else {
            return Err(line.error(Broken::MediaLine));
        };
        let protocol_is_sound = protocol.split('/').all(is_token);
        let formats_are_sound = !formats.is_empty() && formats.iter().all(|word| is_token(word));
        if !is_token(media) || !protocol_is_sound || !formats_are_sound {
            return Err(line.error(Broken::MediaLine));
        }
        Ok(Self {
            line: line.number,
            kind: match media {
                "audio" => MediaKind::Audio,
                "video" => MediaKind::Video,
                _ => MediaKind::Other,
            },
            media: media.to_owned(),
            protocol: protocol.to_owned(),
            formats,
            port_is_zero: port == 0,
            mid: None,
            bundle_only: false,
            rtcp_mux: false,
            rtcp_rsize: false,
            slides: false,
            shared: Shared::default(),
            rtpmaps: Vec::new(),
            fmtps: Vec::new(),
            feedback: Vec::new(),
            rids: Vec::new(),
            simulcast: Vec::new(),
            ssrcs: Vec::new(),
            fid_groups: Vec::new(),
        })
    }

    /// Takes one `a=` line.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        let (name, value) = line.attribute();
        if name == "mid" {
            let mid = is_token(value).then(|| value.to_owned());
            self.mid = Some(at(line, need(line, "mid", "a token (RFC 5888 §4)", mid)?));
            return Ok(());
        }
        if self.kind == MediaKind::Other || self.shared.take(line)? {
            return Ok(());
        }
        match name {
            "bundle-only" => self.bundle_only = true,
            "rtcp-mux" => self.rtcp_mux = true,
            "rtcp-rsize" => self.rtcp_rsize = true,
            "content" => self.slides = value.split(',').any(|word| word == "slides"),
            _ => self.take_format(line, name, value)?,
        }
        Ok(())
    }

    fn take_format(&mut self, line: &Line<'_>, name: &str, value: &str) -> Result<(), SdpError> {
        match name {
            "rtpmap" => {
                let rule = "a payload type, a name and a clock rate (RFC 8866 §6.6)";
                let rtpmap = need(line, "rtpmap", rule, attr::rtpmap(value))?;
                push(line, "a=rtpmap", &mut self.rtpmaps, rtpmap)
            }
            "fmtp" => {
                let rule = "a payload type and parameters (RFC 8866 §6.15)";
                let (number, text) = need(line, "fmtp", rule, attr::fmtp(value))?;
                push(line, "a=fmtp", &mut self.fmtps, (number, text.to_owned()))
            }
            "rtcp-fb" => {
                let rule = "a payload type or * and a feedback (RFC 4585 §4.2)";
                let (number, what) = need(line, "rtcp-fb", rule, attr::rtcp_fb(value))?;
                let feedback = (number, what.to_owned());
                push(line, "a=rtcp-fb", &mut self.feedback, feedback)
            }
            "rid" => {
                let rule = "an id, send or recv, and restrictions (RFC 8851 §10)";
                let rid = need(line, "rid", rule, attr::rid(value))?;
                push(line, "a=rid", &mut self.rids, rid)
            }
            "simulcast" => {
                let rule = "send or recv and rids, as in send q;h;f (RFC 8853 §5.1)";
                self.simulcast = need(line, "simulcast", rule, attr::simulcast(value))?;
                Ok(())
            }
            "ssrc" => {
                let rule = "an SSRC below 2^32 and an attribute (RFC 5576 §4.1)";
                let number = need(line, "ssrc", rule, ssrc(value))?;
                push(line, "a=ssrc", &mut self.ssrcs, number)
            }
            "ssrc-group" => {
                let rule = "a meaning and its SSRCs, two for FID (RFC 5576 §4.2)";
                match need(line, "ssrc-group", rule, fid_group(value))? {
                    Some(pair) => push(line, "a=ssrc-group", &mut self.fid_groups, pair),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn fmtp(&self, payload_type: u8) -> &str {
        self.fmtps
            .iter()
            .find(|(number, _)| *number == payload_type)
            .map_or("", |(_, text)| text)
    }

    pub(super) fn offers_feedback(&self, payload_type: u8, what: &str) -> bool {
        self.feedback
            .iter()
            .any(|(number, offered)| number.is_none_or(|n| n == payload_type) && offered == what)
    }
}

fn at<T>(line: &Line<'_>, value: T) -> At<T> {
    At {
        line: line.number,
        value,
    }
}

fn need<T>(
    line: &Line<'_>,
    name: &'static str,
    rule: &'static str,
    value: Option<T>,
) -> Result<T, SdpError> {
    value.ok_or_else(|| line.error(Broken::Attribute { name, rule }))
}

fn push<T>(
    line: &Line<'_>,
    what: &'static str,
    values: &mut Vec<T>,
    value: T,
) -> Result<(), SdpError> {
    if values.len() == VALUES_MAX {
        let max = VALUES_MAX;
        return Err(line.error(Broken::TooMany { what, max }));
    }
    values.push(value);
    Ok(())
}
