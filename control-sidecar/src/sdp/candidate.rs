//! Candidates (RFC 8839 §5.1): ours written, theirs only checked for form. A name or an address in
//! a far candidate is never resolved and never dialled.

use core::net::SocketAddr;

use super::grammar::is_token;
use super::text::Text;

/// RFC 8445 §5.1.2.2: the recommended type preference of host candidates.
const HOST_PREFERENCE: u32 = 126;
/// RTP, and with it RTCP.
const COMPONENT: u32 = 1;

/// Writes our host candidates, best first, and that there will be no others.
pub(super) fn write(text: &mut Text, candidates: &[SocketAddr]) {
    for (index, candidate) in candidates.iter().enumerate() {
        // RFC 8445 §5.1.1.3: candidates of one base address share a foundation.
        let foundation = candidates
            .iter()
            .position(|other| other.ip() == candidate.ip())
            .unwrap_or(index)
            + 1;
        text.line(format_args!(
            "a=candidate:{foundation} {COMPONENT} udp {} {} {} typ host",
            priority(index),
            candidate.ip(),
            candidate.port(),
        ));
    }
    text.line(format_args!("a=end-of-candidates"));
}

/// RFC 8445 §5.1.2.1: 2^24 × type preference + 2^8 × local preference + (256 − component).
fn priority(index: usize) -> u32 {
    let local_preference =
        u32::from(u16::MAX.saturating_sub(u16::try_from(index).unwrap_or(u16::MAX)));
    (HOST_PREFERENCE << 24) + (local_preference << 8) + (256 - COMPONENT)
}

/// `<foundation> <component> <transport> <priority> <address> <port> typ <type> …`
pub(super) fn is_candidate(value: &str) -> bool {
    let words: Vec<&str> = value.split(' ').take(8).collect();
    let &[
        foundation,
        component,
        transport,
        priority,
        address,
        port,
        typ,
        kind,
    ] = words.as_slice()
    else {
        return false;
    };
    !foundation.is_empty()
        && component.parse::<u16>().is_ok()
        && is_token(transport)
        && priority.parse::<u32>().is_ok()
        && !address.is_empty()
        && port.parse::<u16>().is_ok()
        && typ == "typ"
        && is_token(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8445_section_5_1_2_1_priorities() {
        assert_eq!(priority(0), 2_130_706_431);
        assert_eq!(priority(1), 2_130_706_175);
        assert_eq!(priority(70_000), 126 << 24 | 255);
    }

    #[test]
    fn candidates_of_one_address_share_a_foundation() {
        let ours = ["192.0.2.1:5000", "[2001:db8::1]:5000", "192.0.2.1:5001"];
        let ours = ours.map(|address| address.parse().expect("an address"));
        let mut text = Text::default();
        write(&mut text, &ours);
        assert_eq!(
            text.into_string(),
            "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n\
             a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host\r\n\
             a=candidate:1 1 udp 2130705919 192.0.2.1 5001 typ host\r\n\
             a=end-of-candidates\r\n"
        );
    }

    #[test]
    fn rfc8839_section_5_1_candidates() {
        assert!(is_candidate(
            "1 1 UDP 2130706431 203.0.113.141 8998 typ host"
        ));
        assert!(is_candidate(
            "2 1 tcp 1 a1b2.local 9 typ srflx raddr 0.0.0.0 rport 0 tcptype active"
        ));
        for bad in [
            "",
            "1 1 UDP 2130706431 203.0.113.141 8998 typ",
            "1 1 UDP x 203.0.113.141 8998 typ host",
            "1 1 UDP 1 203.0.113.141 65536 typ host",
            "1 1 UDP 1  8998 typ host",
            "1 1 UDP 1 203.0.113.141 8998 typo host",
        ] {
            assert!(!is_candidate(bad), "{bad}");
        }
    }
}
