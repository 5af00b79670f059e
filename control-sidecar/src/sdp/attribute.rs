//! Single attributes, each from its value to a type. `None` means that the value breaks the rule
//! of its RFC, which stands above each function.

use sfu_proto::control::Fingerprint;

use super::grammar::{is_rid, is_token};

/// RFC 8866 §6.7, from the offerer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    pub(super) fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub(super) fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// RFC 4145 §4: who opens the (DTLS) connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setup {
    Active,
    Passive,
    ActPass,
    HoldConn,
}

pub(super) fn setup(value: &str) -> Option<Setup> {
    match value {
        "active" => Some(Setup::Active),
        "passive" => Some(Setup::Passive),
        "actpass" => Some(Setup::ActPass),
        "holdconn" => Some(Setup::HoldConn),
        _ => None,
    }
}

/// RFC 8122 §5: a hash function and what it gives of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256(Fingerprint),
    Other,
}

pub(super) fn fingerprint(value: &str) -> Option<Hash> {
    let (function, hex) = value.split_once(' ')?;
    if !function.eq_ignore_ascii_case("sha-256") {
        return Some(Hash::Other);
    }
    let mut bytes = [0; 32];
    let mut pairs = hex.trim_end().split(':');
    for byte in &mut bytes {
        let pair = pairs.next().filter(|pair| is_hex_pair(pair))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs
        .next()
        .is_none()
        .then_some(Hash::Sha256(Fingerprint(bytes)))
}

fn is_hex_pair(pair: &str) -> bool {
    pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit())
}

/// RFC 8866 §6.6: `<payload type> <encoding name>/<clock rate>[/<channels>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RtpMap {
    pub payload_type: u8,
    pub name: String,
    pub clock_rate: u32,
    pub channels: u8,
}

pub(super) fn rtpmap(value: &str) -> Option<RtpMap> {
    let (payload_type, encoding) = value.split_once(' ')?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next().filter(|name| is_token(name))?;
    Some(RtpMap {
        payload_type: payload_type_of(payload_type)?,
        name: name.to_owned(),
        clock_rate: parts.next()?.parse().ok()?,
        channels: parts.next().map_or(Some(1), |text| text.parse().ok())?,
    })
}

fn payload_type_of(word: &str) -> Option<u8> {
    word.parse().ok().filter(|number| *number < 128)
}

/// RFC 8866 §6.15: `<payload type> <parameters>`.
pub(super) fn fmtp(value: &str) -> Option<(u8, &str)> {
    let (payload_type, parameters) = value.split_once(' ')?;
    Some((payload_type_of(payload_type)?, parameters.trim()))
}

/// One of `key=value;key=value`, as most payload formats write their parameters.
pub(super) fn parameter<'a>(parameters: &'a str, key: &str) -> Option<&'a str> {
    parameters
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case(key))
        .map(|(_, value)| value.trim())
}

/// RFC 4585 §4.2: `<payload type or *> <what>`; `None` of the pair stands for `*`.
pub(super) fn rtcp_fb(value: &str) -> Option<(Option<u8>, &str)> {
    match value.split_once(' ')? {
        ("*", what) => Some((None, what.trim())),
        (number, what) => Some((Some(payload_type_of(number)?), what.trim())),
    }
}

/// RFC 8285 §5: `<id>[/<direction>] <URI> [<attributes>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExtMap {
    pub line: usize,
    pub id: u16,
    pub direction: Option<Direction>,
    pub uri: String,
}

pub(super) fn extmap(value: &str, line: usize) -> Option<ExtMap> {
    let mut words = value.split_ascii_whitespace();
    let mapping = words.next()?;
    let (id, direction) = match mapping.split_once('/') {
        Some((id, direction)) => (id, Some(Direction::parse(direction)?)),
        None => (mapping, None),
    };
    // §5: 1–255 name extensions; 4096–4351 stand for "choose one of your own", in offers only.
    let id = id
        .parse()
        .ok()
        .filter(|id| matches!(id, 1..=255 | 4096..=4351))?;
    Some(ExtMap {
        line,
        id,
        direction,
        uri: words.next()?.to_owned(),
    })
}

/// RFC 8851 §10: `<rid> <send|recv> [pt=<payload types>;<restrictions>]`. Only those that send are
/// of use here; the payload types are empty if any will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RidLine {
    pub rid: String,
    pub sends: bool,
    pub payload_types: Vec<u8>,
}

pub(super) fn rid(value: &str) -> Option<RidLine> {
    let mut words = value.splitn(3, ' ');
    let rid = words.next().filter(|rid| is_rid(rid))?.to_owned();
    let sends = match words.next()?.trim() {
        "send" => true,
        "recv" => false,
        _ => return None,
    };
    let payload_types = match parameter(words.next().unwrap_or(""), "pt") {
        Some(list) => list
            .split(',')
            .map(payload_type_of)
            .collect::<Option<_>>()?,
        None => Vec::new(),
    };
    Some(RidLine {
        rid,
        sends,
        payload_types,
    })
}

/// RFC 8853 §5.1: `send a,~b;c [recv …]`, either part first. Gives what is sent: for each stream
/// its alternatives in order of preference, without `~` (paused now, sent later).
pub(super) fn simulcast(value: &str) -> Option<Vec<Vec<String>>> {
    let mut words = value.split_ascii_whitespace();
    let mut sent = Vec::new();
    while let Some(direction) = words.next() {
        let streams = words
            .next()?
            .split(';')
            .map(alternatives)
            .collect::<Option<Vec<_>>>()?;
        match direction {
            "send" => sent = streams,
            "recv" => {}
            _ => return None,
        }
    }
    Some(sent)
}

fn alternatives(stream: &str) -> Option<Vec<String>> {
    stream
        .split(',')
        .map(|rid| rid.strip_prefix('~').unwrap_or(rid))
        .map(|rid| is_rid(rid).then(|| rid.to_owned()))
        .collect()
}

/// RFC 5576 §4.1: `<ssrc> <attribute>`.
pub(super) fn ssrc(value: &str) -> Option<u32> {
    value.split(' ').next()?.parse().ok()
}

/// RFC 5576 §4.2: `FID <media> <repair>`. Groups of other semantics give `Some(None)`.
pub(super) fn fid_group(value: &str) -> Option<Option<(u32, u32)>> {
    let mut words = value.split_ascii_whitespace();
    if words.next()? != "FID" {
        return Some(None);
    }
    let media = words.next()?.parse().ok()?;
    let repair = words.next()?.parse().ok()?;
    Some(Some((media, repair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8122_section_5_fingerprint() {
        let hex = (0..32).map(|i| format!("{i:02X}")).collect::<Vec<_>>();
        let whole = hex.join(":");
        let Some(Hash::Sha256(print)) = fingerprint(&format!("SHA-256 {whole}")) else {
            panic!("a fingerprint");
        };
        assert_eq!(print.0[31], 31);
        assert_eq!(fingerprint("sha-1 4A:AD"), Some(Hash::Other));
        let short = hex[..31].join(":");
        for bad in [
            "sha-256",
            "sha-256 ",
            &format!("sha-256 {short}"),
            &format!("sha-256 {whole}:00"),
            &format!("sha-256 {}", whole.replace("1F", "+F")),
        ] {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }

    #[test]
    fn rfc8866_section_6_6_rtpmap() {
        let opus = rtpmap("111 opus/48000/2").expect("opus");
        assert_eq!((opus.clock_rate, opus.channels), (48_000, 2));
        assert_eq!(rtpmap("0 PCMU/8000").map(|map| map.channels), Some(1));
        for bad in [
            "111",
            "128 x/1",
            "x opus/1",
            "96 /90000",
            "96 VP8",
            "96 VP8/x",
        ] {
            assert_eq!(rtpmap(bad), None, "{bad}");
        }
    }

    #[test]
    fn rfc8285_section_5_extmap() {
        let extension = extmap("9/sendonly urn:x more", 3).expect("an extension");
        assert_eq!(extension.direction, Some(Direction::SendOnly));
        assert_eq!((extension.id, extension.uri.as_str()), (9, "urn:x"));
        for bad in [
            "",
            "1",
            "0 urn:x",
            "256 urn:x",
            "1/up urn:x",
            "x urn:x",
            "4352 u",
        ] {
            assert_eq!(extmap(bad, 1), None, "{bad}");
        }
    }

    #[test]
    fn rfc8853_section_5_1_simulcast() {
        let sent = simulcast("recv 9 send 1,~4;~2;3").expect("a simulcast");
        assert_eq!(sent, [vec!["1", "4"], vec!["2"], vec!["3"]]);
        for bad in [
            "send",
            "send ;",
            "send a;;b",
            "up a",
            "send a recv",
            "send ~",
        ] {
            assert_eq!(simulcast(bad), None, "{bad}");
        }
    }

    #[test]
    fn rfc8851_section_10_rid() {
        let line = rid("q send pt=96,97;max-width=320").expect("a rid");
        assert_eq!(line.payload_types, [96, 97]);
        assert_eq!(rid("q send").map(|line| line.payload_types), Some(vec![]));
        for bad in ["q", "q up", "~q send", " send", "q send pt=x"] {
            assert_eq!(rid(bad), None, "{bad}");
        }
    }

    #[test]
    fn rfc5576_ssrc_and_groups() {
        assert_eq!(ssrc("4294967295 cname:x"), Some(u32::MAX));
        assert_eq!(ssrc("4294967296 cname:x"), None);
        assert_eq!(fid_group("FID 1 2"), Some(Some((1, 2))));
        assert_eq!(fid_group("SIM 1 2 3"), Some(None));
        assert_eq!(fid_group("FID 1"), None);
    }
}
