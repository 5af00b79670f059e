//! Who may mute, kick and share.

use serde_json::json;
use sfu_proto::control::{Command, Source};
use sfu_proto::ids::ParticipantId;

use crate::world::{CHROMIUM, World};

#[tokio::test]
async fn a_host_silences_and_never_makes_heard() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let set = |who: u64, verb: &str, token: &str, source: &str| {
        let path = format!("{meeting}/participants/{who}/{verb}");
        let (token, body) = (token.to_owned(), json!({ "source": source }));
        let client = world.client.clone();
        async move { client.post(&path, &token, body).await }
    };
    let muted = set(2, "mute", &ann.token, "audio").await;
    assert_eq!(
        (muted.status, &muted.json()["muted"]["audio"]),
        (200, &json!(true))
    );
    let refused = set(2, "unmute", &ann.token, "audio").await;
    assert_eq!(refused.problem(), (403, "forbidden".into()));
    let refused = set(1, "mute", &bob.token, "audio").await;
    assert_eq!(refused.problem(), (403, "forbidden".into()));
    let own = set(2, "unmute", &bob.token, "audio").await;
    assert_eq!(own.json()["muted"]["audio"], false);
    assert_eq!(set(9, "mute", &ann.token, "audio").await.problem().0, 404);
    assert_eq!(set(2, "mute", &ann.token, "smell").await.problem().0, 422);
    assert_eq!(set(2, "mute", "", "audio").await.problem().0, 401);
}

#[tokio::test]
async fn the_core_hears_of_mutes_from_the_first_session_on() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let path = format!("{meeting}/participants/1/mute");
    world
        .client
        .post(&path, &ann.token, json!({"source": "camera"}))
        .await;
    assert_eq!(core.commands(), []);
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let mute = |source, muted| {
        let participant = ParticipantId(1);
        move |command: &Command| {
            *command
                == Command::Mute {
                    participant,
                    source,
                    muted,
                }
        }
    };
    core.ordered(mute(Source::Camera, true)).await;
    core.ordered(mute(Source::Screen, true)).await;
    assert_eq!(core.commands()[0], Command::OpenMeeting);
    world
        .client
        .post(
            &format!("{meeting}/participants/1/unmute"),
            &ann.token,
            json!({"source": "camera"}),
        )
        .await;
    core.ordered(mute(Source::Camera, false)).await;
}

#[tokio::test]
async fn one_screen_at_a_time() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    let start = format!("{meeting}/screen-share/start");
    let shown = world.client.post(&start, &ann.token, json!({})).await;
    assert_eq!(shown.json()["muted"]["screen"], false);
    assert_eq!(events.wait_for("muted").await["muted"], false);
    world.client.post(&start, &bob.token, json!({})).await;
    let taken = events.wait_for("muted").await;
    assert_eq!(
        (&taken["participant_id"], &taken["muted"], &taken["by"]),
        (&json!(1), &json!(true), &json!(2))
    );
    assert_eq!(events.wait_for("muted").await["participant_id"], 2);
    let stopped = world
        .client
        .post(
            &format!("{meeting}/screen-share/stop"),
            &bob.token,
            json!({}),
        )
        .await;
    assert_eq!(stopped.json()["muted"]["screen"], true);
    let viewer = world
        .join_as(&meeting, json!({"name": "Vi", "role": "viewer"}))
        .await;
    assert_eq!(
        world
            .client
            .post(&start, &viewer.token, json!({}))
            .await
            .problem()
            .0,
        403
    );
}

#[tokio::test]
async fn who_is_kicked_is_told_and_shut_out() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let mut events = world.events(&meeting, &bob.token).await;
    events.wait_for("welcome").await;
    let refused = world
        .client
        .post(
            &format!("{meeting}/participants/1/kick"),
            &bob.token,
            json!({}),
        )
        .await;
    assert_eq!(refused.problem().0, 403);
    let kicked = world
        .client
        .post(
            &format!("{meeting}/participants/2/kick"),
            &ann.token,
            json!({}),
        )
        .await;
    assert_eq!(kicked.status, 204);
    events.wait_for("kicked").await;
    assert_eq!(events.wait_for("left").await["reason"], "kicked");
    assert_eq!(events.closed().await, 4401);
    assert_eq!(
        world.events(&meeting, &bob.token).await.closed().await,
        4401
    );
}
