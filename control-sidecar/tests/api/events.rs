//! The event socket, from welcome to close.

use std::time::{Duration, Instant};

use serde_json::json;
use sfu_proto::control::{
    Command, Mid, Report, SessionEnd, SessionPhase, SlotKind, SlotState, Source,
};
use sfu_proto::ids::{MeetingId, ParticipantId, SessionId};

use crate::fake_core::FakeCore;
use crate::world::{CHROMIUM, Guest, World};

#[tokio::test]
async fn a_page_hears_what_happens() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let mut events = world.events(&meeting, &ann.token).await;
    let welcome = events.next().await.unwrap();
    assert_eq!(
        (
            &welcome["type"],
            &welcome["participant_id"],
            &welcome["core"]
        ),
        (&json!("welcome"), &json!(1), &json!("up"))
    );
    assert_eq!(welcome["meeting"]["participants"][0]["name"], "Ann");

    let bob = world.join(&meeting, "Bob").await;
    assert_eq!(
        events.wait_for("joined").await["participant"]["name"],
        "Bob"
    );
    world
        .client
        .post(
            &format!("{meeting}/participants/2/mute"),
            &bob.token,
            json!({"source": "audio"}),
        )
        .await;
    let muted = events.wait_for("muted").await;
    assert_eq!(
        (
            &muted["participant_id"],
            &muted["source"],
            &muted["muted"],
            &muted["by"]
        ),
        (&json!(2), &json!("audio"), &json!(true), &json!(2))
    );

    let answered = world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let session_id = answered
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let media = events.wait_for("media").await;
    assert_eq!(
        (&media["session_id"], &media["phase"]),
        (&json!(session_id), &json!("open"))
    );
}

#[tokio::test]
async fn a_page_hears_what_the_core_does() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let mut events = world.events(&meeting, &ann.token).await;
    let (id, session) = session_of(&world, &core, &meeting, &ann).await;
    let slots = vec![SlotState {
        mid: Mid::new(b"3").unwrap(),
        kind: SlotKind::Audio,
        showing: Some((ParticipantId(2), Source::Audio)),
    }];
    core.report(Report::Slots {
        meeting: id,
        session,
        participant: ParticipantId(1),
        slots,
    });
    let slots = events.wait_for("slots").await;
    assert_eq!(
        slots["slots"],
        json!([{"mid": "3", "kind": "audio", "participant_id": 2, "source": "audio"}])
    );
    core.report(Report::Published {
        meeting: id,
        participant: ParticipantId(2),
        source: Source::Audio,
        live: true,
    });
    assert_eq!(events.wait_for("live").await["live"], true);
    core.report(Report::Speaking {
        meeting: id,
        participants: vec![ParticipantId(2)],
    });
    assert_eq!(
        events.wait_for("speaking").await["participant_ids"],
        json!([2])
    );
    assert_eq!(
        world.client.get(&meeting).await.json()["participants"][1]["live"]["audio"],
        true
    );

    // Who comes back is told the whole state; what is only Ann's does not reach Bob.
    drop(events);
    let mut events = world.events(&meeting, &ann.token).await;
    assert_eq!(
        events.next().await.unwrap()["meeting"]["participants"][1]["live"]["audio"],
        true
    );
    assert_eq!(events.next().await.unwrap()["type"], "media");
    assert_eq!(events.next().await.unwrap()["type"], "slots");
    assert_eq!(events.next().await.unwrap()["type"], "speaking");
    let mut of_bob = world.events(&meeting, &bob.token).await;
    assert_eq!(of_bob.next().await.unwrap()["type"], "welcome");
    assert_eq!(of_bob.next().await.unwrap()["type"], "speaking");
    core.report(Report::Session {
        meeting: id,
        session,
        participant: ParticipantId(1),
        phase: SessionPhase::Closed(SessionEnd::ConsentExpired),
    });
    let closed = events.wait_for("media").await;
    assert_eq!(
        (&closed["phase"], &closed["reason"]),
        (&json!("closed"), &json!("consent-expired"))
    );
    // It was the last session: what the core does not say any more is over all the same.
    assert_eq!(events.wait_for("live").await["live"], false);
}

/// The core's names for a meeting and the session that a guest opens in it.
async fn session_of(
    world: &World,
    core: &FakeCore,
    meeting: &str,
    guest: &Guest,
) -> (MeetingId, SessionId) {
    let media = format!("{meeting}/media");
    world.client.post_sdp(&media, &guest.token, CHROMIUM).await;
    let order = core
        .ordered(|command| matches!(command, Command::OpenSession { .. }))
        .await;
    let Command::OpenSession { session, .. } = order.command else {
        unreachable!()
    };
    (order.meeting, session)
}

#[tokio::test]
async fn a_page_says_what_it_watches() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let mut events = world.events(&meeting, &ann.token).await;
    events
        .say(json!({"type": "watch", "video": [{"participant_id": 2, "height": 360}]}))
        .await;
    events.say(json!({"type": "from the future"})).await;
    events.say(json!({"type": "ping"})).await;
    events.wait_for("pong").await;
    // Said before there was a session, it reaches the core with the session.
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let watches = |count| move |command: &Command| matches!(command, Command::Watch { wanted, .. } if wanted.as_ref().map(Vec::len) == count);
    core.ordered(watches(Some(1))).await;
    events.say(json!({"type": "watch", "video": null})).await;
    core.ordered(watches(None)).await;
}

#[tokio::test]
async fn of_many_wishes_the_latest_counts() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let mut events = world.events(&meeting, &ann.token).await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let begun = Instant::now();
    for height in (1..=300).chain([300; 50]) {
        events
            .say(json!({"type": "watch", "video": [{"participant_id": 2, "height": height}]}))
            .await;
    }
    core.ordered(|command| {
        matches!(command, Command::Watch { wanted: Some(wanted), .. } if wanted[0].height == 300)
    })
    .await;
    let watches = |command: &Command| matches!(command, Command::Watch { .. });
    let passed_on = core.commands().into_iter().filter(watches).count();
    let most = begun.elapsed().as_millis() / 100 + 2;
    assert!(passed_on as u128 <= most, "{passed_on} of {most}");
}

#[tokio::test]
async fn who_may_not_listen_is_told_by_a_close_code() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let other = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let code = async |meeting: &str, token: &str| world.events(meeting, token).await.closed().await;
    assert_eq!(code(&meeting, "wrong").await, 4401);
    assert_eq!(code(&other, &ann.token).await, 4401);
    assert_eq!(
        code("/api/v1/meetings/abc-defg-hij", &ann.token).await,
        4404
    );
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    world
        .client
        .post(&format!("{meeting}/end"), &ann.token, json!({}))
        .await;
    events.wait_for("ended").await;
    assert_eq!(events.closed().await, 4410);
    assert_eq!(code(&meeting, &ann.token).await, 4410);
    let plain = world.client.get(&format!("{meeting}/events")).await;
    assert_eq!(plain.problem(), (426, "websocket-only".into()));
    assert_eq!(plain.header("upgrade"), "websocket");
}

#[tokio::test]
async fn a_page_that_does_not_read_is_closed() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let mut slow = world.events(&meeting, &ann.token).await;
    let mut reader = world.events(&meeting, &bob.token).await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let order = core
        .ordered(|command| matches!(command, Command::OpenSession { .. }))
        .await;
    // Each some 60 KB: the socket's buffers are full after a hundred, the queue after 256 more.
    for round in 0..600 {
        let participants = (0..10_000)
            .map(|id| ParticipantId(id + round % 2))
            .collect();
        core.report(Report::Speaking {
            meeting: order.meeting,
            participants,
        });
        reader.wait_for("speaking").await;
    }
    let code = slow.closed().await;
    assert!(code == 4413 || code == 0, "{code}");
}

#[tokio::test]
async fn who_is_away_for_long_is_gone() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let _bob = world.join(&meeting, "Bob").await;
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    // A wall clock that is set is no absence.
    world.clock.jump(Duration::from_secs(3_600));
    world.clock.advance(Duration::from_secs(14));
    world.join(&meeting, "Cy").await;
    events.wait_for("joined").await;
    // Presence is looked at every second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let seen = world.client.get(&meeting).await.json();
    assert_eq!(seen["participants"].as_array().unwrap().len(), 3);
    world.clock.advance(Duration::from_secs(2));
    let left = events.wait_for("left").await;
    assert_eq!(
        (&left["participant_id"], &left["reason"]),
        (&json!(2), &json!("gone"))
    );
    let seen = world.client.get(&meeting).await.json();
    assert_eq!(seen["participants"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_open_media_session_is_presence_too() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let cy = world.join(&meeting, "Cy").await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &bob.token, CHROMIUM)
        .await;
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    world.clock.advance(Duration::from_secs(16));
    assert_eq!(events.wait_for("left").await["participant_id"], cy.id);
    assert_eq!(
        world.client.get(&meeting).await.json()["participants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_fifth_socket_takes_the_place_of_the_first() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut events = world.events(&meeting, &ann.token).await;
        events.wait_for("welcome").await;
        sockets.push(events);
    }
    assert_eq!(sockets[0].closed().await, 1000);
    sockets[1].say(json!({"type": "ping"})).await;
    sockets[1].wait_for("pong").await;
}
