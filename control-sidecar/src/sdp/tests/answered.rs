//! What the answer says, and that it says nothing that the offer does not allow.

use std::collections::HashSet;

use super::*;
use crate::sdp::WrongSlotCount;
use crate::sdp::grammar;

/// The session part and the m-lines of a text, each line without its end.
fn sections(text: &str) -> Vec<Vec<&str>> {
    let mut sections = vec![Vec::new()];
    for line in grammar::lines(text) {
        let line = line.expect("a line");
        if line.letter == 'm' {
            sections.push(Vec::new());
        }
        sections.last_mut().expect("a section").push(line.text);
    }
    sections
}

fn values<'a>(section: &[&'a str], beginning: &str) -> Vec<&'a str> {
    let lines = section.iter();
    lines
        .filter_map(|line| line.strip_prefix(beginning))
        .collect()
}

fn formats<'a>(section: &[&'a str]) -> Vec<&'a str> {
    section[0].split(' ').skip(3).collect()
}

fn check_against_offer(offered: &[&str], answered: &[&str]) {
    assert_eq!(values(offered, "a=mid:"), values(answered, "a=mid:"));
    let media = |section: &[&str]| section[0].split(' ').next().map(str::to_owned);
    assert_eq!(media(offered), media(answered));
    let offered_formats = formats(offered);
    assert!(
        formats(answered)
            .iter()
            .all(|f| offered_formats.contains(f))
    );
    for same in ["a=rtcp-fb:", "a=rtpmap:"] {
        let offered = values(offered, same);
        for value in values(answered, same) {
            assert!(offered.contains(&value), "{same}{value}");
        }
    }
    let number_and_uri = |value: &str| {
        let (number, uri) = value.split_once(' ').expect("two words");
        (number.split('/').next().map(str::to_owned), uri.to_owned())
    };
    let offered: Vec<_> = values(offered, "a=extmap:")
        .into_iter()
        .map(number_and_uri)
        .collect();
    for value in values(answered, "a=extmap:") {
        assert!(offered.contains(&number_and_uri(value)), "{value}");
    }
}

#[test]
fn every_answer_fits_its_offer() {
    for (text, terms) in ALL
        .iter()
        .flat_map(|text| [(text, &TERMS), (text, &VIEWER)])
    {
        let Ok(answer) = answer_to(text, terms) else {
            continue;
        };
        let (offered, answered) = (sections(text), sections(&answer));
        assert_eq!(offered.len(), answered.len());
        assert!(answered[0].contains(&"a=ice-lite"));
        assert_eq!(
            values(&answered[0], "a=group:"),
            values(&offered[0], "a=group:")
        );
        let mut ssrcs = HashSet::new();
        for (index, (offered, answered)) in offered.iter().zip(&answered).enumerate().skip(1) {
            check_against_offer(offered, answered);
            for line in [
                "a=ice-ufrag:n0w0abcd",
                "a=ice-pwd:0123456789abcdefghijklmn",
                "a=setup:passive",
                "a=rtcp-mux",
            ] {
                assert!(answered.contains(&line), "{line}");
            }
            assert_eq!(
                values(answered, "a=candidate:").len(),
                if index == 1 { 2 } else { 0 }
            );
            let is_slot = offered.contains(&"a=recvonly");
            let direction = match (is_slot, terms.may_publish) {
                (true, _) => "a=sendonly",
                (false, true) => "a=recvonly",
                (false, false) => "a=inactive",
            };
            assert!(answered.contains(&direction), "{direction}");
            assert_eq!(values(answered, "a=msid:").len(), usize::from(is_slot));
            for ssrc in values(answered, "a=ssrc:") {
                assert!(is_slot && ssrcs.insert(ssrc), "{ssrc}");
            }
        }
    }
}

#[test]
fn the_session_part() {
    let answer = answer_to(CHROMIUM_WHIP, &TERMS).expect("an answer");
    assert_eq!(
        sections(&answer)[0],
        [
            "v=0",
            "o=- 9223372036854775807 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=ice-lite",
            "a=ice-options:trickle ice2",
            "a=group:BUNDLE 0 1",
            "a=msid-semantic:WMS *",
            "a=extmap-allow-mixed",
        ]
    );
}

#[test]
fn the_camera_of_the_page() {
    let answer = answer_to(CHROMIUM_PAGE, &TERMS).expect("an answer");
    let fingerprint = format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":"));
    assert_eq!(
        sections(&answer)[2],
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "c=IN IP4 0.0.0.0",
            "a=mid:1",
            "a=recvonly",
            "a=ice-ufrag:n0w0abcd",
            "a=ice-pwd:0123456789abcdefghijklmn",
            fingerprint.as_str(),
            "a=setup:passive",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            "a=rtpmap:96 VP8/90000",
            "a=rtcp-fb:96 nack",
            "a=rtcp-fb:96 nack pli",
            "a=rtcp-fb:96 ccm fir",
            "a=rtcp-fb:96 transport-cc",
            "a=rtpmap:97 rtx/90000",
            "a=fmtp:97 apt=96",
            "a=rid:q recv",
            "a=rid:h recv",
            "a=rid:f recv",
            "a=simulcast:recv q;h;f",
        ]
    );
}

#[test]
fn a_video_slot() {
    let answer = answer_to(CHROMIUM_WHEP, &TERMS).expect("an answer");
    let sections = sections(&answer);
    assert_eq!(
        sections[2][10..],
        [
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=rtpmap:96 VP8/90000",
            "a=rtcp-fb:96 nack",
            "a=rtcp-fb:96 nack pli",
            "a=rtcp-fb:96 ccm fir",
            "a=rtpmap:97 rtx/90000",
            "a=fmtp:97 apt=96",
            "a=rtpmap:108 H264/90000",
            "a=rtcp-fb:108 nack",
            "a=rtcp-fb:108 nack pli",
            "a=rtcp-fb:108 ccm fir",
            "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            "a=rtpmap:109 rtx/90000",
            "a=fmtp:109 apt=108",
            "a=msid:slot-1 slot-1-video",
            "a=ssrc-group:FID 1002 1003",
            "a=ssrc:1002 cname:slot-1",
            "a=ssrc:1003 cname:slot-1",
        ]
    );
    // Audio is not repaired by RTX.
    assert_eq!(values(&sections[1], "a=ssrc"), [":1000 cname:slot-0"]);
}

#[test]
fn the_tagged_line_has_the_candidates() {
    let text = with(CHROMIUM_WHIP, "BUNDLE 0 1", "BUNDLE 1 0");
    let answer = answer_to(&text, &TERMS).expect("an answer");
    let sections = sections(&answer);
    assert_eq!(values(&sections[0], "a=group:"), ["BUNDLE 1 0"]);
    assert!(sections[1][0].starts_with("m=audio 9 "));
    assert!(sections[2][0].starts_with("m=video 40000 "));
    assert_eq!(sections[2][1], "c=IN IP4 192.0.2.1");
    assert!(values(&sections[1], "a=candidate").is_empty());
    assert_eq!(values(&sections[2], "a=end-of-candidates").len(), 1);
}

#[test]
fn a_rejected_line_has_port_0() {
    let text = without(CHROMIUM_WHIP, "a=rtpmap:111");
    let answer = answer_to(&text, &TERMS).expect("an answer");
    let sections = sections(&answer);
    assert_eq!(
        sections[1],
        [
            "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
            "c=IN IP4 0.0.0.0",
            "a=mid:0",
            "a=inactive",
        ]
    );
    assert_eq!(values(&sections[0], "a=group:"), ["BUNDLE 1"]);
    assert_eq!(values(&sections[2], "a=candidate:").len(), 2);
}

#[test]
fn directions_of_extensions_are_turned() {
    let answer = answer_to(FIREFOX_PAGE, &TERMS).expect("an answer");
    let sections = sections(&answer);
    let rid = "9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    assert!(values(&sections[2], "a=extmap:").contains(&rid));
    assert_eq!(values(&sections[2], "a=extmap-allow-mixed"), [""]);
}

#[test]
fn opus_parameters_that_concern_us() {
    for (offered, answered) in [
        ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"),
        (
            "useinbandfec=1;usedtx=1;stereo=1",
            "useinbandfec=1;usedtx=1",
        ),
        (
            "stereo=1;sprop-stereo=1;useinbandfec=1;maxaveragebitrate=1",
            "useinbandfec=1;stereo=1",
        ),
    ] {
        let text = with(CHROMIUM_WHIP, "minptime=10;useinbandfec=1", offered);
        let answer = answer_to(&text, &TERMS).expect("an answer");
        assert_eq!(values(&sections(&answer)[1], "a=fmtp:111 "), [answered]);
    }
}

#[test]
fn feedback_for_every_payload_type() {
    let text = without(CHROMIUM_WHIP, "a=rtcp-fb:96 ");
    let text = with(&text, "a=rtpmap:96", "a=rtcp-fb:* nack\r\na=rtpmap:96");
    let answer = answer_to(&text, &TERMS).expect("an answer");
    assert_eq!(values(&sections(&answer)[2], "a=rtcp-fb:"), ["96 nack"]);
}

#[test]
fn transport_cc_needs_its_extension() {
    let text = without(CHROMIUM_WHIP, "a=extmap:3 ");
    let answer = answer_to(&text, &TERMS).expect("an answer");
    assert!(!answer.contains("transport-cc"));
}

#[test]
fn the_core_must_open_what_was_planned() {
    let (offer, _, negotiated) = planned(CHROMIUM_WHEP, &TERMS).expect("a plan");
    let wrong = answer(&offer, &negotiated, &opened(1), SessionId(1));
    let expected = WrongSlotCount {
        planned: 2,
        opened: 1,
    };
    assert_eq!(wrong, Err(expected));
}
