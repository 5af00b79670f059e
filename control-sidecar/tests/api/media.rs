//! Offers, answers, fragments: WHIP and WHEP.

use serde_json::json;
use sfu_proto::control::{Command, Refusal, Source};
use sfu_proto::ids::{Epoch, ParticipantId};

use crate::client::{Client, Reply};
use crate::fake_core::FakeCore;
use crate::world::{CHROMIUM, World};

async fn patch(client: &Client, url: &str, token: &str, if_match: &str, fragment: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![
        ("content-type", "application/trickle-ice-sdpfrag"),
        ("authorization", bearer.as_str()),
    ];
    if !if_match.is_empty() {
        headers.push(("if-match", if_match));
    }
    client
        .send("PATCH", url, &headers, fragment.to_owned())
        .await
}

/// The value of the first line of the offer that begins so.
fn line<'a>(text: &'a str, begins: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(begins))
        .unwrap()
        .trim()
}

#[tokio::test]
async fn an_offer_is_answered_and_the_session_closed() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let media = format!("{meeting}/media");
    let answered = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    assert_eq!(answered.header("content-type"), "application/sdp");
    assert_eq!(answered.header("access-control-allow-origin"), "*");
    assert!(answered.text.starts_with("v=0\r\n"));
    assert!(answered.text.contains("a=ice-ufrag:core1"));
    let url = answered.header("location").to_owned();
    assert_eq!(url.len(), "/api/v1/media/".len() + 32);
    assert!(answered.header("etag").starts_with('"'));

    let bob = world.join(&meeting, "Bob").await;
    let bearer = format!("Bearer {}", bob.token);
    let refused = world
        .client
        .send("DELETE", &url, &[("authorization", &bearer)], "")
        .await;
    assert_eq!(refused.problem(), (403, "forbidden".into()));
    let bearer = format!("Bearer {}", ann.token);
    let closed = world
        .client
        .send("DELETE", &url, &[("authorization", &bearer)], "")
        .await;
    assert_eq!(closed.status, 200);
    core.ordered(|command| matches!(command, Command::CloseSession { .. }))
        .await;
    let again = world
        .client
        .send("DELETE", &url, &[("authorization", &bearer)], "")
        .await;
    assert_eq!(again.problem().0, 404);
}

#[tokio::test]
async fn what_is_wrong_with_an_offer_is_said_with_its_line() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let media = format!("{meeting}/media");
    let broken = world
        .client
        .post_sdp(&media, &ann.token, "v=0\r\nnonsense\r\n")
        .await;
    assert_eq!(broken.problem(), (400, "sdp-broken".into()));
    assert_eq!(
        (&broken.json()["line"], &broken.json()["text"]),
        (&json!(2), &json!("nonsense"))
    );
    let bare: String = CHROMIUM
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("a=fingerprint"))
        .collect();
    let lacking = world.client.post_sdp(&media, &ann.token, &bare).await;
    assert_eq!(lacking.problem(), (422, "sdp-lacking".into()));
    assert!(lacking.json()["line"].is_u64());
    let long = format!("{CHROMIUM}{}", "a=x\r\n".repeat(150_000));
    let long = world.client.post_sdp(&media, &ann.token, &long).await;
    assert_eq!(long.problem(), (413, "too-large".into()));
    let typed = world.client.post(&media, &ann.token, json!({})).await;
    assert_eq!(typed.problem(), (415, "unsupported-media-type".into()));
    assert_eq!(
        world
            .client
            .post_sdp(&media, "", CHROMIUM)
            .await
            .problem()
            .0,
        401
    );
}

#[tokio::test]
async fn a_full_or_absent_core_is_said_to_come_back_later() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let media = format!("{meeting}/media");
    core.state.lock().unwrap().refuse = Some(Refusal::Full {
        limit: "SESSIONS_PER_WORKER_MAX".into(),
    });
    let full = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(full.problem(), (503, "full".into()));
    assert_eq!(full.header("retry-after"), "30");
    core.kill(&world.socket()).await;
    world.core_is(false).await;
    let absent = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(absent.problem(), (503, "core-down".into()));
    assert_eq!(absent.header("retry-after"), "2");
}

#[tokio::test]
async fn a_silent_core_is_given_up_and_its_session_closed() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    core.state.lock().unwrap().silent = true;
    let silent = world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    assert_eq!(silent.problem(), (503, "core-down".into()));
    core.ordered(|command| matches!(command, Command::CloseSession { .. }))
        .await;
}

#[tokio::test]
async fn ice_restarts_with_the_right_etag_only() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let answered = world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let (url, etag) = (answered.header("location"), answered.header("etag"));
    let (ufrag, password) = (line(CHROMIUM, "a=ice-ufrag:"), line(CHROMIUM, "a=ice-pwd:"));
    let trickle = format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=end-of-candidates\r\n");
    let trickled = patch(&world.client, url, &ann.token, "", &trickle).await;
    assert_eq!((trickled.status, trickled.text.as_str()), (204, ""));

    let new = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n";
    let missing = patch(&world.client, url, &ann.token, "", new).await;
    assert_eq!(missing.problem(), (428, "precondition-required".into()));
    let wrong = patch(&world.client, url, &ann.token, "\"other\"", new).await;
    assert_eq!(wrong.problem(), (412, "precondition-failed".into()));
    let restarted = patch(&world.client, url, &ann.token, etag, new).await;
    assert_eq!(restarted.status, 200, "{restarted:?}");
    assert_eq!(
        restarted.header("content-type"),
        "application/trickle-ice-sdpfrag"
    );
    assert!(restarted.text.contains("a=ice-ufrag:core2"));
    assert_ne!(restarted.header("etag"), etag);
    let stale = patch(&world.client, url, &ann.token, etag, trickle.as_str()).await;
    assert_eq!(stale.problem().0, 412);
    assert_eq!(
        patch(&world.client, url, &ann.token, "*", &trickle)
            .await
            .status,
        200
    );
    assert_eq!(
        patch(&world.client, url, &ann.token, "*", "x")
            .await
            .problem()
            .0,
        400
    );
}

#[tokio::test]
async fn a_viewer_may_not_send() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let viewer = world
        .join_as(&meeting, json!({"name": "Vi", "role": "viewer"}))
        .await;
    let answered = world
        .client
        .post_sdp(&format!("{meeting}/media"), &viewer.token, CHROMIUM)
        .await;
    assert_eq!(answered.status, 201);
    let order = core
        .ordered(|command| matches!(command, Command::OpenSession { .. }))
        .await;
    let Command::OpenSession { plan, .. } = order.command else {
        unreachable!()
    };
    assert_eq!(plan.publish, []);
    assert!(!plan.slots.is_empty());
}

#[tokio::test]
async fn other_origins_may_use_media_urls() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let preflight = world
        .client
        .send("OPTIONS", &format!("{meeting}/media"), &[], "")
        .await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("Authorization")
    );
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert_eq!(preflight.header("accept-post"), "application/sdp");
}

#[tokio::test]
async fn a_repeated_offer_with_a_key_opens_one_session() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let headers = [
        ("content-type", "application/sdp"),
        ("authorization", bearer.as_str()),
        ("idempotency-key", "offer-1"),
    ];
    let media = format!("{meeting}/media");
    let first = world.client.send("POST", &media, &headers, CHROMIUM).await;
    let second = world.client.send("POST", &media, &headers, CHROMIUM).await;
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(first.header("etag"), second.header("etag"));
    let opened = |command: &Command| matches!(command, Command::OpenSession { .. });
    assert_eq!(core.commands().into_iter().filter(opened).count(), 1);
}

#[tokio::test]
async fn the_same_offer_at_the_same_time_opens_one_session() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bearer = format!("Bearer {}", ann.token);
    let headers = [
        ("content-type", "application/sdp"),
        ("authorization", bearer.as_str()),
        ("idempotency-key", "offer-1"),
    ];
    let media = format!("{meeting}/media");
    let post = || world.client.send("POST", &media, &headers, CHROMIUM);
    let (one, two, three) = tokio::join!(post(), post(), post());
    for other in [two, three] {
        assert_eq!((one.status, &one.text), (other.status, &other.text));
        assert_eq!(one.header("location"), other.header("location"));
    }
    let opened = |command: &Command| matches!(command, Command::OpenSession { .. });
    assert_eq!(core.commands().into_iter().filter(opened).count(), 1);
}

#[tokio::test]
async fn two_restarts_under_one_etag_are_one() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let answered = world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let (url, etag) = (answered.header("location"), answered.header("etag"));
    let fragment =
        |name: &str| format!("a=ice-ufrag:{name}\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n");
    let (first, second) = (fragment("first"), fragment("second"));
    let (one, two) = tokio::join!(
        patch(&world.client, url, &ann.token, etag, &first),
        patch(&world.client, url, &ann.token, etag, &second)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn a_restart_that_got_no_answer_never_happens() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let answered = world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let (url, etag) = (answered.header("location"), answered.header("etag"));
    core.state.lock().unwrap().stopped = true;
    let new = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n";
    let refused = patch(&world.client, url, &ann.token, etag, new).await;
    assert_eq!(refused.problem(), (503, "core-down".into()));
    // The core comes back and is told what the outbox holds.
    let state = core.state.clone();
    core.kill(&world.socket()).await;
    world.core_is(false).await;
    state.lock().unwrap().stopped = false;
    let core = FakeCore::start_with(world.socket(), state);
    world.core_is(true).await;
    let again = patch(&world.client, url, &ann.token, etag, new).await;
    assert_eq!(again.status, 200, "the claim was given back: {again:?}");
    let restarts = |command: &Command| matches!(command, Command::RestartIce { .. });
    assert_eq!(core.commands().into_iter().filter(restarts).count(), 1);
}

#[tokio::test]
async fn a_meeting_that_the_core_has_lost_is_placed_anew() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let media = format!("{meeting}/media");
    assert_eq!(
        world
            .client
            .post_sdp(&media, &ann.token, CHROMIUM)
            .await
            .status,
        201
    );
    core.state.lock().unwrap().meetings.clear();
    let anew = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(anew.status, 201, "{anew:?}");
    let order = core
        .ordered(|command| *command == Command::OpenMeeting)
        .await;
    assert_eq!(order.epoch, Epoch(2));
    let muted = (ParticipantId(1), Source::Screen);
    assert_eq!(core.state.lock().unwrap().meetings[0].muted, [muted]);
}

#[tokio::test]
async fn a_meeting_that_the_core_refuses_is_tried_once_more_under_a_higher_epoch() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let media = format!("{meeting}/media");
    let old = Refusal::OldEpoch {
        got: Epoch(1),
        current: Epoch(7),
    };
    core.state.lock().unwrap().refuse_meetings = vec![old.clone()];
    let opened = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let order = core
        .ordered(|command| *command == Command::OpenMeeting)
        .await;
    assert_eq!(order.epoch, Epoch(8));
    // Not for ever: the caller hears of it.
    {
        let mut state = core.state.lock().unwrap();
        state.meetings.clear();
        state.refuse_meetings = vec![old; 9];
    }
    let refused = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(refused.problem(), (503, "core-down".into()));
    assert_eq!(core.state.lock().unwrap().refuse_meetings.len(), 8);
}
