//! What is refused: by which line, and whose fault it is.

use super::*;
use crate::sdp::error::{Lacks, Rejection, SdpErrorKind};

fn lacks(text: &str) -> (usize, Lacks) {
    let error = refusal_of(text);
    match error.kind {
        SdpErrorKind::Lacks(lacks) => (error.line, lacks),
        SdpErrorKind::Broken(_) => panic!("{error}"),
    }
}

#[test]
fn each_needed_attribute_is_missed() {
    for text in ALL {
        for (name, missed) in [
            ("a=group:BUNDLE", Lacks::Bundle),
            ("a=mid", Lacks::Mid),
            ("a=rtcp-mux", Lacks::RtcpMux),
            ("a=ice-ufrag", Lacks::IceUfrag),
            ("a=ice-pwd", Lacks::IcePwd),
            ("a=fingerprint", Lacks::Fingerprint),
            ("a=setup", Lacks::Setup),
        ] {
            let text = without(text, name);
            assert_eq!(lacks(&text), (line_of(&text, "m="), missed), "{name}");
        }
    }
}

#[test]
fn one_line_may_lack_what_the_bundle_shares() {
    for shared in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"] {
        let video = CHROMIUM_WHIP.find("m=video").expect("a second line");
        let (first, second) = CHROMIUM_WHIP.split_at(video);
        plan_of(&format!("{first}{}", without(second, shared)));
    }
}

#[test]
fn what_the_offer_says_wrong_is_named() {
    let hash = CHROMIUM_WHIP
        .lines()
        .find(|line| line.starts_with("a=fingerprint"));
    let sha_1 = with_all(
        CHROMIUM_WHIP,
        hash.expect("one"),
        "a=fingerprint:sha-1 4A:AD",
    );
    for (text, line, missed) in [
        (sha_1, "a=fingerprint", Lacks::Sha256),
        (
            with_all(CHROMIUM_WHIP, "a=setup:actpass", "a=setup:passive"),
            "a=setup",
            Lacks::ActiveSetup,
        ),
        (
            with(CHROMIUM_WHIP, "t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"),
            "a=ice-lite",
            Lacks::FullIce,
        ),
        (
            with_all(
                &with(CHROMIUM_WHIP, "BUNDLE 0 1", "BUNDLE 0 seventeen-letters"),
                "a=mid:1",
                "a=mid:seventeen-letters",
            ),
            "a=mid:seventeen",
            Lacks::ShortMid,
        ),
        (
            with(CHROMIUM_WHIP, "BUNDLE 0 1", "BUNDLE 0"),
            "m=video",
            Lacks::Bundle,
        ),
        (
            with(CHROMIUM_WHIP, "BUNDLE 0 1", "BUNDLE 0\r\na=group:BUNDLE 1"),
            "m=video",
            Lacks::Bundle,
        ),
        (
            with(CHROMIUM_WHIP, "a=extmap:14 ", "a=extmap:1 "),
            "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset",
            Lacks::OneExtensionPerId,
        ),
    ] {
        assert_eq!(lacks(&text), (line_of(&text, line), missed));
    }
}

#[test]
fn the_bundle_has_one_transport_and_one_table_of_extensions() {
    let video = CHROMIUM_WHIP.find("m=video").expect("a second line");
    let (first, second) = CHROMIUM_WHIP.split_at(video);
    for (from, to, missed) in [
        (
            "a=ice-ufrag:",
            "a=ice-ufrag:x",
            Lacks::OneTransport { name: "ice-ufrag" },
        ),
        (
            "a=ice-pwd:",
            "a=ice-pwd:x",
            Lacks::OneTransport { name: "ice-pwd" },
        ),
        (
            "sha-256 D8",
            "sha-256 D9",
            Lacks::OneTransport {
                name: "fingerprint",
            },
        ),
        (
            "setup:actpass",
            "setup:active",
            Lacks::OneTransport { name: "setup" },
        ),
        ("a=extmap:4 ", "a=extmap:15 ", Lacks::OneExtensionId),
    ] {
        let text = format!("{first}{}", with(second, from, to));
        assert_eq!(lacks(&text).1, missed);
    }
}

#[test]
fn an_offer_of_nothing() {
    let session: String = CHROMIUM_WHIP.split_inclusive('\n').take(4).collect();
    assert_eq!(lacks(&session), (1, Lacks::AnyMedia));
    let first = line_of(CHROMIUM_WHEP, "m=");
    for (text, why) in [
        (
            with_all(CHROMIUM_WHEP, "a=recvonly", "a=inactive"),
            Rejection::Inactive,
        ),
        (
            with_all(CHROMIUM_WHEP, "TLS/RTP/SAVPF", "RTP/AVP"),
            Rejection::Profile,
        ),
        (
            with_all(CHROMIUM_WHEP, "a=rtpmap", "a=mapped"),
            Rejection::Codec,
        ),
    ] {
        assert_eq!(lacks(&text), (first, Lacks::Media(why)));
    }
}

#[test]
fn broken_lines_are_broken() {
    for (from, to) in [
        ("v=0", "v=1"),
        ("o=-", "x=-"),
        ("s=-", "o=-"),
        ("t=0 0", "t 0 0"),
        ("t=0 0", ""),
        ("t=0 0", "y=0"),
        ("c=IN", "v=IN"),
        ("m=video 9", "m=video nine"),
        ("m=video 9", "m=video 65536"),
        ("m=video 9", "m=vi<deo 9"),
        ("m=audio", "m="),
        ("a=mid:0", "a=mid:"),
        ("a=mid:0", "a=mid:a b"),
        ("a=mid:1", "a=mid:0"),
        ("a=ice-ufrag:VNHy", "a=ice-ufrag:VNH"),
        ("a=ice-ufrag:VNHy", "a=ice-ufrag:VNH!"),
        ("a=ice-pwd:5bqh", "a=ice-pwd:5"),
        ("a=ice-pwd:5bqh", "a=ice-pwd:\u{e9}"),
        ("a=fingerprint:sha-256 D8", "a=fingerprint:sha-256 8"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-256"),
        ("a=setup:actpass", "a=setup:both"),
        ("a=extmap:1 ", "a=extmap:0 "),
        ("a=extmap:1 ", "a=extmap:1/up "),
        ("a=rtpmap:111", "a=rtpmap:211"),
        ("a=rtcp-fb:111", "a=rtcp-fb:x"),
        ("a=fmtp:97 apt", "a=fmtp:-97 apt"),
        ("a=ssrc:4248827083", "a=ssrc:42488270830"),
        ("a=ssrc-group:FID 4248827083 ", "a=ssrc-group:FID "),
    ] {
        let text = with(CHROMIUM_WHIP, from, to);
        let error = refusal_of(&text);
        let expected = CHROMIUM_WHIP.lines().position(|line| line.contains(from));
        assert!(error.is_broken(), "{to}: {error}");
        assert_eq!(error.line, expected.expect("the line") + 1, "{to}: {error}");
        assert_eq!(text.lines().nth(error.line - 1), Some(error.text.as_str()));
    }
    for (from, to) in [
        ("a=rid:q send", "a=rid:q"),
        ("a=simulcast:send q;h;f", "a=simulcast:send q;;f"),
    ] {
        let text = with(CHROMIUM_PAGE, from, to);
        let error = refusal_of(&text);
        assert_eq!((error.is_broken(), error.line), (true, line_of(&text, to)));
    }
}

#[test]
fn two_lines_cannot_send_with_one_ssrc() {
    let text = with_all(CHROMIUM_WHIP, "4248827083", "3826161205");
    let error = refusal_of(&text);
    assert_eq!(
        (error.is_broken(), error.line),
        (true, line_of(&text, "m=video"))
    );
}

#[test]
fn every_prefix_is_refused_or_planned() {
    // A text cut anywhere parses or names a line that it has.
    for end in 0..CHROMIUM_WHIP.len() {
        if let Err(error) = planned(&CHROMIUM_WHIP[..end], &TERMS) {
            let lines = CHROMIUM_WHIP[..end].lines().count().max(1);
            assert!((1..=lines).contains(&error.line), "{end}: {error}");
        }
    }
}

#[test]
fn an_offer_has_limits() {
    let many = |line: &str, count: usize| {
        let lines = format!("{line}\r\n").repeat(count);
        with(CHROMIUM_WHIP, "a=mid:0\r\n", &format!("a=mid:0\r\n{lines}"))
    };
    for text in [
        many("a=x", 20_000),
        many("m=audio 9 UDP/TLS/RTP/SAVPF 111", 64),
        many("a=ssrc:1 cname:x", 600),
        many("a=rtpmap:96 x/1", 600),
        many("a=extmap:9 urn:x", 600),
        with(
            CHROMIUM_WHIP,
            "t=0 0\r\n",
            &"a=group:BUNDLE x\r\n".repeat(9),
        ),
    ] {
        assert!(refusal_of(&text).is_broken());
    }
    let error = refusal_of(&"é".repeat(10_000));
    assert_eq!((error.line, error.text.chars().count()), (1, 120));
}

#[test]
fn messages_say_what_to_do() {
    let error = refusal_of(&without(CHROMIUM_WHIP, "a=rtcp-mux"));
    let message = "line 8: the m-line has no a=rtcp-mux; this server has no port of its own for \
                   RTCP (RFC 5761)";
    assert_eq!(error.to_string(), message);
    assert_eq!(
        error.text,
        "m=audio 55758 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126"
    );
}
