//! Fragments as RFC 9725 §4.3 shows them.

use super::*;
use crate::sdp::fragment;

pub(super) const RESTART: &str = "a=ice-options:trickle ice2\r\n\
    a=group:BUNDLE 0 1\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    a=mid:0\r\n\
    a=ice-ufrag:ysXw\r\n\
    a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
    a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n\
    a=candidate:3471623853 1 udp 2122194687 abc.local 61765 typ host generation 0\r\n\
    a=end-of-candidates\r\n";

fn current() -> IceCredentials {
    IceCredentials {
        ufrag: "EsAw".to_owned(),
        password: "P2uYro0UCOQ4zxjKXaWCBui1".to_owned(),
    }
}

#[test]
fn rfc9725_section_4_3_2_trickle() {
    let text = with(RESTART, "a=ice-ufrag:ysXw", "a=ice-ufrag:EsAw");
    let text = with(
        &text,
        "vw5LmwG4y/e6dPP/zAP9Gp5k",
        "P2uYro0UCOQ4zxjKXaWCBui1",
    );
    let fragment = fragment::parse(&text).expect("a fragment");
    assert_eq!((fragment.candidates, fragment.end_of_candidates), (2, true));
    assert_eq!(fragment.ice, Some(current()));
    // Candidates come with the credentials they belong to; these are no restart.
    assert_eq!(fragment.restart(&current()), None);
    let bare = fragment::parse("a=end-of-candidates").expect("a fragment");
    assert_eq!(bare.restart(&current()), None);
    assert!(bare.end_of_candidates);
}

#[test]
fn rfc9725_section_4_3_3_restart() {
    let fragment = fragment::parse(RESTART).expect("a fragment");
    let ice = fragment.restart(&current()).expect("a restart");
    assert_eq!(ice.ufrag, "ysXw");
    assert_eq!(
        fragment.answer(&opened(0)),
        "a=ice-lite\r\n\
         a=ice-options:trickle ice2\r\n\
         a=group:BUNDLE 0 1\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
         a=mid:0\r\n\
         a=ice-ufrag:n0w0abcd\r\n\
         a=ice-pwd:0123456789abcdefghijklmn\r\n\
         a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\r\n\
         a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host\r\n\
         a=end-of-candidates\r\n"
    );
}

#[test]
fn credentials_come_in_pairs() {
    for (alone, line) in [("a=ice-ufrag", 5), ("a=ice-pwd", 5)] {
        let error = fragment::parse(&without(RESTART, alone)).expect_err("half a pair");
        assert_eq!((error.is_broken(), error.line), (false, line));
    }
}

#[test]
fn broken_fragments() {
    for (from, to) in [
        ("a=end-of", "v=0\r\na=end-of"),
        ("1387637174 1 udp", "1387637174 udp"),
        ("a=ice-ufrag:ysXw", "a=ice-ufrag:ys"),
        ("m=audio 9", "m=audio"),
        ("a=end-of-candidates", "end-of-candidates"),
    ] {
        let text = with(RESTART, from, to);
        let expected = RESTART.lines().position(|line| line.contains(from));
        let error = fragment::parse(&text).expect_err(to);
        assert!(error.is_broken());
        assert_eq!(error.line, expected.expect("the line") + 1);
    }
    let candidate = "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n";
    assert!(fragment::parse(&candidate.repeat(256)).is_ok());
    let error = fragment::parse(&candidate.repeat(257)).expect_err("too many");
    assert_eq!((error.is_broken(), error.line), (true, 257));
}
