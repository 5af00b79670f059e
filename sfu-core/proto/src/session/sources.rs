//! Which m-line and encoding an SSRC belongs to. Browsers name it in header extensions (RFC 9143
//! §15, RFC 8852) until the first receiver report arrives, and never again: so it is learnt from
//! authenticated packets and kept.

use crate::control::PublishLine;
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::limits::SOURCES_PER_SESSION_MAX;
use crate::rtp::{Extensions, Header};

/// What a packet is a packet of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Index of the publish line.
    pub line: usize,
    /// Index of the encoding, lowest first.
    pub quality: usize,
    /// It belongs to the repair stream (RFC 4588).
    pub is_repair: bool,
}

#[derive(Debug)]
pub(super) struct Sources {
    lines: Vec<PublishLine>,
    known: Vec<(Ssrc, Origin)>,
}

impl Sources {
    pub(super) fn new(lines: Vec<PublishLine>) -> Self {
        Self {
            lines,
            known: Vec::with_capacity(SOURCES_PER_SESSION_MAX),
        }
    }

    /// The second value is true when the source was not known before.
    pub(super) fn identify(
        &mut self,
        header: &Header,
        extensions: &Extensions,
    ) -> Result<(Origin, bool), Dropped> {
        if let Some((_, origin)) = self.known.iter().find(|(ssrc, _)| *ssrc == header.ssrc) {
            let line = &self.lines[origin.line];
            let expected = if origin.is_repair {
                line.rtx_payload_type
            } else {
                Some(line.payload_type)
            };
            return match expected == Some(header.payload_type) {
                true => Ok((*origin, false)),
                false => Err(Dropped::RtpUnknownPayloadType),
            };
        }
        let origin = self.learn(header, extensions)?;
        if self.known.len() == SOURCES_PER_SESSION_MAX {
            return Err(Dropped::SrtpSourcesFull);
        }
        self.known.push((header.ssrc, origin));
        Ok((origin, true))
    }

    fn learn(&self, header: &Header, extensions: &Extensions) -> Result<Origin, Dropped> {
        let index = self
            .line_of(header, extensions)
            .ok_or(Dropped::RtpUnknownSource)?;
        let line = &self.lines[index];
        let is_repair = match header.payload_type {
            media if media == line.payload_type => false,
            repair if Some(repair) == line.rtx_payload_type => true,
            _ => return Err(Dropped::RtpUnknownPayloadType),
        };
        if line.rids.is_empty() {
            return Ok(Origin {
                line: index,
                quality: 0,
                is_repair,
            });
        }
        let rid = if is_repair {
            extensions.repaired_rid
        } else {
            extensions.rid
        };
        let quality = rid
            .and_then(|rid| line.rids.iter().position(|offered| *offered == rid))
            .ok_or(Dropped::RtpUnknownSource)?;
        Ok(Origin {
            line: index,
            quality,
            is_repair,
        })
    }

    /// RFC 8843 §9.2: by mid, else by the SSRC that the offer named, else by a payload type that
    /// only one line has.
    fn line_of(&self, header: &Header, extensions: &Extensions) -> Option<usize> {
        if let Some(mid) = extensions.mid {
            return self.lines.iter().position(|line| line.mid == mid);
        }
        let named = self
            .lines
            .iter()
            .position(|line| [line.ssrc, line.rtx_ssrc].contains(&Some(header.ssrc.0)));
        named.or_else(|| {
            let mut carrying = self.lines.iter().enumerate().filter(|(_, line)| {
                line.payload_type == header.payload_type
                    || line.rtx_payload_type == Some(header.payload_type)
            });
            let only = carrying.next()?.0;
            carrying.next().is_none().then_some(only)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Codec, Source, Token};

    fn line(mid: &str, payload_type: u8, rids: &[&str]) -> PublishLine {
        PublishLine {
            mid: Token::new(mid.as_bytes()).unwrap(),
            source: Source::Camera,
            codec: Codec::Vp8,
            payload_type,
            rtx_payload_type: Some(payload_type + 1),
            rids: rids
                .iter()
                .map(|rid| Token::new(rid.as_bytes()).unwrap())
                .collect(),
            ssrc: None,
            rtx_ssrc: None,
        }
    }

    fn header(ssrc: u32, payload_type: u8) -> Header {
        let mut bytes = [0x80, payload_type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes[8..].copy_from_slice(&ssrc.to_be_bytes());
        Header::parse(&bytes).unwrap()
    }

    fn named(mid: &str, rid: Option<&str>, repaired: Option<&str>) -> Extensions {
        let token = |text: &str| Token::new(text.as_bytes()).unwrap();
        Extensions {
            mid: Some(token(mid)),
            rid: rid.map(token),
            repaired_rid: repaired.map(token),
            ..Extensions::default()
        }
    }

    #[test]
    fn a_name_once_said_is_kept() {
        let mut sources = Sources::new(vec![line("0", 96, &["q", "f"]), line("1", 96, &[])]);
        let full = Origin {
            line: 0,
            quality: 1,
            is_repair: false,
        };
        let introduced = named("0", Some("f"), None);
        assert_eq!(
            sources.identify(&header(7, 96), &introduced),
            Ok((full, true))
        );
        let silent = Extensions::default();
        assert_eq!(sources.identify(&header(7, 96), &silent), Ok((full, false)));
        assert_eq!(
            sources.identify(&header(8, 96), &silent),
            Err(Dropped::RtpUnknownSource),
            "two lines have this payload type"
        );
    }

    #[test]
    fn a_repair_stream_names_what_it_repairs() {
        let mut sources = Sources::new(vec![line("0", 96, &["q", "f"])]);
        let introduced = named("0", None, Some("q"));
        let repair = Origin {
            line: 0,
            quality: 0,
            is_repair: true,
        };
        assert_eq!(
            sources.identify(&header(9, 97), &introduced),
            Ok((repair, true))
        );
        assert_eq!(
            sources.identify(&header(9, 96), &introduced),
            Err(Dropped::RtpUnknownPayloadType)
        );
    }

    #[test]
    fn without_any_name_a_payload_type_of_one_line_is_enough() {
        let mut sources = Sources::new(vec![line("0", 96, &[]), line("1", 100, &[])]);
        let (origin, _) = sources
            .identify(&header(1, 100), &Extensions::default())
            .unwrap();
        assert_eq!(origin.line, 1);
        assert!(
            sources
                .identify(&header(2, 50), &Extensions::default())
                .is_err()
        );
    }

    #[test]
    fn the_table_is_bounded() {
        let mut sources = Sources::new(vec![line("0", 96, &[])]);
        for ssrc in 0..1_000 {
            let result = sources.identify(&header(ssrc, 96), &Extensions::default());
            let fits = usize::try_from(ssrc).unwrap() < SOURCES_PER_SESSION_MAX;
            assert_eq!(result.is_ok(), fits);
        }
    }
}
