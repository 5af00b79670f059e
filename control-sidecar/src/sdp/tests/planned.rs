//! What the plan takes from an offer.

use sfu_proto::control::{Codec, ExtensionIds, PublishLine, SlotCodec, SlotKind, Source};
use sfu_proto::limits::SLOTS_PER_SESSION_MAX;

use super::*;
use crate::sdp::SdpErrorKind;
use crate::sdp::error::{Lacks, Rejection};

fn vp8(payload_type: u8, rtx: u8) -> SlotCodec {
    SlotCodec {
        codec: Codec::Vp8,
        payload_type,
        rtx_payload_type: Some(rtx),
    }
}

fn rids(line: &PublishLine) -> Vec<&str> {
    line.rids.iter().map(|rid| rid.as_str()).collect()
}

fn sources(plan: &SessionPlan) -> Vec<(&str, Source)> {
    let lines = plan.publish.iter();
    lines.map(|line| (line.mid.as_str(), line.source)).collect()
}

#[test]
fn chromium_page() {
    let plan = plan_of(CHROMIUM_PAGE);
    assert_eq!(plan.participant, ParticipantId(7));
    assert_eq!(plan.ice.ufrag, "rKgK");
    assert_eq!(plan.ice.password, "NCX75j67/rIQBQPV++ISNocE");
    assert_eq!(plan.fingerprint.0[..3], [0xC9, 0xBE, 0x46]);
    assert_eq!(
        plan.extensions,
        ExtensionIds {
            mid: Some(4),
            rid: Some(10),
            repaired_rid: Some(11),
            audio_level: Some(1),
            abs_send_time: Some(2),
            transport_cc: Some(3),
        }
    );
    let [audio, camera, screen] = plan.publish.as_slice() else {
        panic!("{:?}", plan.publish);
    };
    assert_eq!((audio.source, audio.codec), (Source::Audio, Codec::Opus));
    assert_eq!((audio.payload_type, audio.rtx_payload_type), (111, None));
    assert_eq!((audio.ssrc, audio.rtx_ssrc), (Some(3_346_737_223), None));
    assert_eq!((camera.source, camera.codec), (Source::Camera, Codec::Vp8));
    assert_eq!(
        (camera.payload_type, camera.rtx_payload_type),
        (96, Some(97))
    );
    assert_eq!(rids(camera), ["q", "h", "f"]);
    assert_eq!((camera.ssrc, camera.rtx_ssrc), (None, None));
    assert_eq!((screen.source, screen.mid.as_str()), (Source::Screen, "2"));
    assert_eq!(screen.ssrc, Some(1_949_258_755));
    assert_eq!(screen.rtx_ssrc, Some(3_953_291_564));

    let kinds: Vec<_> = plan.slots.iter().map(|slot| slot.kind).collect();
    let mut expected = vec![SlotKind::Audio; 3];
    expected.extend([SlotKind::Video; 8]);
    expected.push(SlotKind::Screen);
    assert_eq!(kinds, expected);
    let h264 = SlotCodec {
        codec: Codec::H264,
        payload_type: 108,
        rtx_payload_type: Some(109),
    };
    assert_eq!(plan.slots[3].codecs, [vp8(96, 97), h264]);
}

#[test]
fn firefox_page() {
    let plan = plan_of(FIREFOX_PAGE);
    let all = [Source::Audio, Source::Camera, Source::Screen];
    assert_eq!(
        sources(&plan),
        [("0", all[0]), ("1", all[1]), ("2", all[2])]
    );
    assert_eq!(rids(&plan.publish[1]), ["q", "h", "f"]);
    // It names SSRCs of all three encodings; none stands for the line.
    assert_eq!(plan.publish[1].ssrc, None);
    assert_eq!(plan.slots.len(), 12);
    // No H.264 here.
    assert_eq!(plan.slots[3].codecs, [vp8(120, 124)]);
    // Id 9 is offered `sendonly`, which is the way of a publish line.
    assert_eq!(plan.extensions.rid, Some(9));
    assert_eq!(plan.extensions.abs_send_time, Some(4));
}

#[test]
fn whip_and_whep() {
    for text in [CHROMIUM_WHIP, FIREFOX_WHIP] {
        let plan = plan_of(text);
        let expected = [("0", Source::Audio), ("1", Source::Camera)];
        assert_eq!(sources(&plan), expected);
        assert!(plan.publish.iter().all(|line| line.rids.is_empty()));
        assert!(plan.publish[1].ssrc.is_some() && plan.publish[1].rtx_ssrc.is_some());
        assert!(plan.slots.is_empty());
    }
    for text in [CHROMIUM_WHEP, FIREFOX_WHEP] {
        let plan = plan_of(text);
        assert!(plan.publish.is_empty());
        let kinds: Vec<_> = plan.slots.iter().map(|slot| slot.kind).collect();
        assert_eq!(kinds, [SlotKind::Audio, SlotKind::Video]);
        // What only a publisher needs is not agreed.
        assert_eq!(plan.extensions.transport_cc, None);
        assert_eq!(plan.extensions.rid, None);
    }
}

#[test]
fn the_meeting_chooses_the_codec() {
    let terms = Terms {
        video: &[Codec::H264, Codec::Vp8],
        ..TERMS
    };
    let (_, plan, _) = planned(CHROMIUM_WHIP, &terms).expect("a plan");
    assert_eq!(plan.publish[1].codec, Codec::H264);
    assert_eq!(plan.publish[1].payload_type, 108);
    // Firefox has no H.264: the next of the list.
    let (_, plan, _) = planned(FIREFOX_WHIP, &terms).expect("a plan");
    assert_eq!(plan.publish[1].codec, Codec::Vp8);
    let terms = Terms {
        video: &[Codec::Vp8],
        ..TERMS
    };
    let (_, plan, _) = planned(CHROMIUM_WHEP, &terms).expect("a plan");
    assert_eq!(plan.slots[1].codecs, [vp8(96, 97)]);
}

#[test]
fn a_second_video_without_any_mark_is_the_screen() {
    let plan = plan_of(&without(CHROMIUM_PAGE, "a=content"));
    let names = sources(&plan);
    assert_eq!(names[1..], [("1", Source::Camera), ("2", Source::Screen)]);
    assert!(plan.slots.iter().all(|slot| slot.kind != SlotKind::Screen));
}

#[test]
fn a_mark_decides_whatever_the_order() {
    let marked = with(
        CHROMIUM_PAGE,
        "a=mid:1\r\n",
        "a=mid:1\r\na=content:main,slides\r\n",
    );
    let plan = plan_of(&with(&marked, "a=content:slides", "a=content:main"));
    let names = sources(&plan);
    assert_eq!(names[1..], [("1", Source::Screen), ("2", Source::Camera)]);
}

#[test]
fn a_marked_screen_keeps_its_place_from_an_unmarked_video() {
    // The marked line is turned into the last; the one before it is one camera too many.
    let text = without(CHROMIUM_PAGE, "a=content");
    let last = text.rfind("a=recvonly").expect("a slot");
    let marked = with(
        &text[last..],
        "a=recvonly",
        "a=sendonly\r\na=content:slides",
    );
    let plan = plan_of(&format!("{}{marked}", &text[..last]));
    let names = sources(&plan);
    assert_eq!(names[1..], [("1", Source::Camera), ("14", Source::Screen)]);
}

#[test]
fn one_of_each_is_published() {
    // The first audio slot sends too.
    let text = CHROMIUM_PAGE;
    let from = text.find("a=mid:3").expect("a mid");
    let text = format!(
        "{}{}",
        &text[..from],
        with(&text[from..], "a=recvonly", "a=sendrecv")
    );
    let plan = plan_of(&text);
    assert_eq!((plan.publish.len(), plan.slots.len()), (3, 11));
}

#[test]
fn without_a_direction_a_line_sends() {
    let plan = plan_of(&without(CHROMIUM_WHIP, "a=sendonly"));
    assert_eq!(plan.publish.len(), 2);
    // Firefox has a=sendrecv in its session part, which holds where a line says nothing.
    let text = without(FIREFOX_WHIP, "a=sendonly");
    let plan = plan_of(&with(&text, "a=sendrecv", "a=recvonly"));
    assert_eq!((plan.publish.len(), plan.slots.len()), (0, 2));
}

#[test]
fn a_viewer_only_watches() {
    let (_, plan, _) = planned(CHROMIUM_PAGE, &VIEWER).expect("a plan");
    assert_eq!((plan.publish.len(), plan.slots.len()), (0, 12));
    let error = planned(CHROMIUM_WHIP, &VIEWER).expect_err("nothing is left");
    let why = Lacks::Media(Rejection::MayNotPublish);
    assert_eq!(error.kind, SdpErrorKind::Lacks(why));
    assert_eq!(error.line, line_of(CHROMIUM_WHIP, "m="));
}

#[test]
fn slots_have_a_limit() {
    let start = CHROMIUM_PAGE.find("m=audio 9").expect("a slot");
    let mut text = CHROMIUM_PAGE[..start].to_owned();
    let end = start
        + 1
        + CHROMIUM_PAGE[start + 1..]
            .find("m=audio")
            .expect("the next");
    for index in 0..SLOTS_PER_SESSION_MAX + 5 {
        let slot = with(
            &CHROMIUM_PAGE[start..end],
            "a=mid:3\r\n",
            &format!("a=mid:x{index}\r\n"),
        );
        text.push_str(&slot);
        text = with(&text, "BUNDLE", &format!("BUNDLE x{index}"));
    }
    let plan = plan_of(&text);
    assert_eq!(plan.publish.len(), 3);
    assert_eq!(plan.slots.len(), SLOTS_PER_SESSION_MAX);
}

#[test]
fn simulcasts_of_every_form() {
    for (line, expected) in [
        ("a=simulcast:send f;h;q", vec!["f", "h", "q"]),
        ("a=simulcast:recv x send ~q;h", vec!["q", "h"]),
        ("a=simulcast:send nobody,q;h", vec!["q", "h"]),
        ("a=simulcast:send q;q;h", vec!["q", "h"]),
        ("a=simulcast:send q,h;nobody", vec!["q"]),
        ("a=simulcast:recv q;h;f", vec![]),
        ("a=x", vec![]),
    ] {
        let plan = plan_of(&with(CHROMIUM_PAGE, "a=simulcast:send q;h;f", line));
        assert_eq!(rids(&plan.publish[1]), expected, "{line}");
    }
    let four = with(
        CHROMIUM_PAGE,
        "a=rid:q send",
        "a=rid:q send\r\na=rid:z send",
    );
    let four = with(&four, "send q;h;f", "send z;q;h;f");
    assert_eq!(rids(&plan_of(&four).publish[1]), ["z", "q", "h"]);
    // Bound to the payload type of another codec.
    let bound = with(CHROMIUM_PAGE, "a=rid:q send", "a=rid:q send pt=98");
    assert_eq!(rids(&plan_of(&bound).publish[1]), ["h", "f"]);
    let received = with(CHROMIUM_PAGE, "a=rid:q send", "a=rid:q recv");
    assert_eq!(rids(&plan_of(&received).publish[1]), ["h", "f"]);
    // Without the header extension nobody could tell the encodings apart.
    let unnamed = without(CHROMIUM_PAGE, "a=extmap:10 ");
    assert_eq!(rids(&plan_of(&unnamed).publish[1]), Vec::<&str>::new());
}

#[test]
fn repair_needs_its_apt() {
    let plan = plan_of(&with(CHROMIUM_WHIP, "a=fmtp:97 apt=96", "a=fmtp:97 apt=98"));
    assert_eq!(plan.publish[1].rtx_payload_type, None);
    assert_eq!(plan.publish[1].rtx_ssrc, None);
    assert!(plan.publish[1].ssrc.is_some());
}

#[test]
fn payload_types_that_read_as_rtcp_are_passed_over() {
    let text = with_all(CHROMIUM_WHIP, ":96 ", ":72 ");
    let text = with(
        &with_all(&text, "apt=96", "apt=72"),
        "SAVPF 96 ",
        "SAVPF 72 ",
    );
    assert_eq!(plan_of(&text).publish[1].codec, Codec::H264);
}

#[test]
fn two_byte_ids_need_consent() {
    let text = with_all(CHROMIUM_WHIP, "a=extmap:4 ", "a=extmap:20 ");
    assert_eq!(plan_of(&text).extensions.mid, Some(20));
    let text = without(&text, "a=extmap-allow-mixed");
    assert_eq!(plan_of(&text).extensions.mid, None);
}

#[test]
fn a_data_channel_is_left_out() {
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
                a=mid:2\r\na=sctp-port:5000\r\n";
    let text = with(CHROMIUM_WHIP, "BUNDLE 0 1", "BUNDLE 0 1 2") + data;
    let (_, plan, negotiated) = planned(&text, &TERMS).expect("a plan");
    assert_eq!(plan.publish.len(), 2);
    assert_eq!(negotiated.bundle, ["0", "1"]);
}
