//! What the other side says, offer or answer (RFC 8866, RFC 8839, RFC 8122): where it is, how it
//! proves itself, and what each m-line carries. One transport under all m-lines (RFC 9143) is
//! taken for granted.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, anyhow};

use crate::client::dtls::Fingerprint;

#[derive(Clone, Debug)]
pub struct Description {
    pub ufrag: String,
    pub password: String,
    pub fingerprint: Fingerprint,
    /// UDP alone, best first.
    pub candidates: Vec<SocketAddr>,
    pub sections: Vec<Section>,
}

/// One m-line.
#[derive(Clone, Debug, Default)]
pub struct Section {
    pub is_rejected: bool,
    pub mid: String,
    /// `sendonly`, `recvonly`, `sendrecv` or `inactive`, as the other side sees it.
    pub direction: String,
    /// Payload types in the order of the m-line with the codec of each: `VP8`, `rtx`.
    pub codecs: Vec<(u8, String)>,
    /// Media first, then its repair stream.
    pub ssrcs: Vec<u32>,
    pub extensions: Vec<(u8, String)>,
    pub rids: Vec<String>,
}

impl Description {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut reading = Reading::default();
        for (number, line) in (1..).zip(text.lines()) {
            reading
                .take(line.trim_end())
                .with_context(|| format!("line {number} of the server's description: {line}"))?;
        }
        let lacks = |what| anyhow!("the server's description lacks {what}");
        reading
            .candidates
            .sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
        Ok(Self {
            ufrag: reading.ufrag.ok_or_else(|| lacks("a=ice-ufrag"))?,
            password: reading.password.ok_or_else(|| lacks("a=ice-pwd"))?,
            fingerprint: reading
                .fingerprint
                .ok_or_else(|| lacks("a=fingerprint:sha-256"))?,
            candidates: reading.candidates.into_iter().map(|(_, at)| at).collect(),
            sections: reading.sections,
        })
    }

    pub fn section(&self, mid: &str) -> anyhow::Result<&Section> {
        self.sections
            .iter()
            .find(|section| section.mid == mid)
            .filter(|section| !section.is_rejected)
            .ok_or_else(|| anyhow!("the server rejects the m-line {mid}"))
    }
}

impl Section {
    /// The first payload type of a codec, whatever its case.
    pub fn payload_type(&self, codec: &str) -> anyhow::Result<u8> {
        self.codecs
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(codec))
            .map(|(number, _)| *number)
            .ok_or_else(|| anyhow!("the server's m-line {} has no {codec}", self.mid))
    }

    pub fn extension(&self, uri: &str) -> Option<u8> {
        self.extensions
            .iter()
            .find(|(_, known)| known == uri)
            .map(|(id, _)| *id)
    }
}

#[derive(Default)]
struct Reading {
    ufrag: Option<String>,
    password: Option<String>,
    fingerprint: Option<Fingerprint>,
    candidates: Vec<(u32, SocketAddr)>,
    sections: Vec<Section>,
}

impl Reading {
    fn take(&mut self, line: &str) -> anyhow::Result<()> {
        if let Some(media) = line.strip_prefix("m=") {
            self.sections.push(begin(media)?);
            return Ok(());
        }
        let Some(attribute) = line.strip_prefix("a=") else {
            return Ok(());
        };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name {
            "ice-ufrag" => self.ufrag = Some(value.to_owned()),
            "ice-pwd" => self.password = Some(value.to_owned()),
            "fingerprint" => {
                if let Some(hex) = value.strip_prefix("sha-256 ") {
                    self.fingerprint = Some(fingerprint(hex)?);
                }
            }
            "candidate" => self.candidates.extend(candidate(value)),
            _ => {
                if let Some(section) = self.sections.last_mut() {
                    section.take(name, value)?;
                }
            }
        }
        Ok(())
    }
}

/// `<media> <port> <protocol> <payload types>`
fn begin(media: &str) -> anyhow::Result<Section> {
    let mut words = media.split(' ');
    let port = words.nth(1).ok_or_else(|| anyhow!("no port"))?;
    let payload_types = words.skip(1).filter_map(|word| word.parse().ok());
    Ok(Section {
        is_rejected: port == "0",
        codecs: payload_types
            .map(|number| (number, String::new()))
            .collect(),
        ..Section::default()
    })
}

impl Section {
    fn take(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        match name {
            "mid" => value.clone_into(&mut self.mid),
            "sendonly" | "recvonly" | "sendrecv" | "inactive" => {
                name.clone_into(&mut self.direction);
            }
            "rtpmap" => {
                let (number, codec) = two_words(value)?;
                let number: u8 = number.parse().context("a payload type")?;
                let known = self.codecs.iter_mut().find(|(known, _)| *known == number);
                if let (Some((_, name)), Some(codec)) = (known, codec.split('/').next()) {
                    codec.clone_into(name);
                }
            }
            "extmap" => {
                let (id, uri) = two_words(value)?;
                let id = id.split('/').next().unwrap_or_default();
                let uri = uri.split(' ').next().unwrap_or_default();
                let id = id.parse().context("an extension's id")?;
                self.extensions.push((id, uri.to_owned()));
            }
            "ssrc" => {
                let number = value.split(' ').next().unwrap_or_default();
                let ssrc = number.parse().context("an SSRC")?;
                if !self.ssrcs.contains(&ssrc) {
                    self.ssrcs.push(ssrc);
                }
            }
            "ssrc-group" => {
                if let Some(pair) = value.strip_prefix("FID ") {
                    let pair: Result<_, _> = pair.split(' ').map(str::parse).collect();
                    self.ssrcs = pair.context("an SSRC")?;
                }
            }
            "rid" => self.rids.extend(value.split(' ').next().map(str::to_owned)),
            _ => {}
        }
        Ok(())
    }
}

fn two_words(value: &str) -> anyhow::Result<(&str, &str)> {
    value
        .split_once(' ')
        .ok_or_else(|| anyhow!("two words belong here"))
}

/// `AA:BB:…`, 32 bytes (RFC 8122 §5).
fn fingerprint(hex: &str) -> anyhow::Result<Fingerprint> {
    let bytes: Result<Vec<u8>, _> = hex
        .trim()
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16))
        .collect();
    bytes?
        .try_into()
        .map_err(|_| anyhow!("a sha-256 fingerprint has 32 bytes"))
}

/// `<foundation> <component> <transport> <priority> <address> <port> typ …` (RFC 8839 §5.1). Names
/// instead of addresses, TCP and RTCP's own component are of no use to us.
fn candidate(value: &str) -> Option<(u32, SocketAddr)> {
    let words: Vec<&str> = value.split(' ').collect();
    let [_, "1", transport, priority, address, port, ..] = words[..] else {
        return None;
    };
    let at = SocketAddr::new(address.parse::<IpAddr>().ok()?, port.parse().ok()?);
    transport
        .eq_ignore_ascii_case("udp")
        .then_some((priority.parse().ok()?, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\na=ice-lite\r\n\
        m=audio 10000 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:0123456789012345678901\r\na=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
        a=rtpmap:111 opus/48000/2\r\na=ssrc:7 cname:x\r\na=ssrc:7 msid:- x\r\n\
        a=candidate:1 1 udp 100 192.0.2.9 10000 typ host\r\n\
        a=candidate:2 1 UDP 200 192.0.2.8 10000 typ host\r\n\
        a=candidate:3 1 tcp 300 192.0.2.8 9 typ host tcptype active\r\n\
        a=candidate:4 1 udp 300 abc.local 10000 typ host\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n\
        a=rtpmap:97 rtx/90000\r\na=ssrc-group:FID 9 8\r\na=ssrc:8 cname:x\r\na=ssrc:9 cname:x\r\n\
        m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n";

    fn answer() -> String {
        let print = ["AB"; 32].join(":");
        format!("{ANSWER}a=fingerprint:sha-256 {print}\r\n")
    }

    #[test]
    fn an_answer_is_read() {
        let read = Description::parse(&answer()).unwrap();
        assert_eq!((read.ufrag.as_str(), read.password.len()), ("abcd", 22));
        assert_eq!(read.fingerprint, [0xab; 32]);
        let best: SocketAddr = "192.0.2.8:10000".parse().unwrap();
        assert_eq!((read.candidates.len(), read.candidates[0]), (2, best));
        let audio = read.section("0").unwrap();
        assert_eq!(audio.ssrcs, [7]);
        assert_eq!(audio.payload_type("OPUS").unwrap(), 111);
        let mid = "urn:ietf:params:rtp-hdrext:sdes:mid";
        assert_eq!(audio.extension(mid), Some(4));
        let video = read.section("1").unwrap();
        assert_eq!(video.ssrcs, [9, 8]);
        assert_eq!(video.payload_type("VP8").unwrap(), 96);
        assert!(video.payload_type("H264").is_err());
        assert!(read.section("2").is_err());
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let lacking = |what: &str| {
            let text: String = answer()
                .split_inclusive('\n')
                .filter(|line| !line.starts_with(what))
                .collect();
            Description::parse(&text).unwrap_err().to_string()
        };
        for what in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"] {
            assert!(lacking(what).contains(what));
        }
        let broken = answer().replace("a=ssrc:7", "a=ssrc:x");
        let said = Description::parse(&broken).unwrap_err().to_string();
        assert!(
            said.contains("line 10") && said.contains("a=ssrc:x"),
            "{said}"
        );
        for len in 0..answer().len() {
            let _ = Description::parse(&answer()[..len]);
        }
    }
}
