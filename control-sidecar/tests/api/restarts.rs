//! Sidecar and core die apart and come back.

use std::time::Duration;

use serde_json::json;
use sfu_proto::control::{Command, Refusal, Source};
use sfu_proto::ids::{Epoch, ParticipantId};
use tokio::time::timeout;

use crate::fake_core::FakeCore;
use crate::world::{CHROMIUM, World};

#[tokio::test]
async fn a_sidecar_that_comes_back_knows_the_meeting_and_its_media() {
    let (mut world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let orders = core.commands().len();
    world.restart().await;
    world.core_is(true).await;
    let mut events = world.events(&meeting, &ann.token).await;
    assert_eq!(
        events.wait_for("welcome").await["meeting"]["participants"][0]["name"],
        "Ann"
    );
    assert_eq!(events.wait_for("media").await["phase"], "open");
    // Nothing was closed, nothing done twice.
    assert_eq!(core.commands().len(), orders, "{:?}", core.commands());
}

#[tokio::test]
async fn after_a_restart_everybody_has_longer_to_come_back() {
    let (mut world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    world.restart().await;
    world.clock.advance(Duration::from_secs(29));
    let mut events = world.events(&meeting, &ann.token).await;
    assert_eq!(
        events.wait_for("welcome").await["meeting"]["participants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(events.wait_for("left").await["participant_id"], bob.id);
}

#[tokio::test]
async fn a_core_that_comes_back_is_told_everything_again() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post(
            &format!("{meeting}/participants/1/mute"),
            &ann.token,
            json!({"source": "audio"}),
        )
        .await;
    let media = format!("{meeting}/media");
    let answered = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    core.kill(&world.socket()).await;
    assert_eq!(events.wait_for("core").await["state"], "down");

    let core = FakeCore::start(world.socket(), 2);
    assert_eq!(events.wait_for("media").await["phase"], "closed");
    assert_eq!(events.wait_for("core").await["state"], "restarted");
    let order = core
        .ordered(|command| *command == Command::OpenMeeting)
        .await;
    assert_eq!(order.epoch, Epoch(2));
    core.ordered(|command| {
        *command
            == Command::Mute {
                participant: ParticipantId(1),
                source: Source::Audio,
                muted: true,
            }
    })
    .await;
    let bearer = format!("Bearer {}", ann.token);
    let url = answered.header("location");
    let gone = world
        .client
        .send("DELETE", url, &[("authorization", &bearer)], "")
        .await;
    assert_eq!(gone.problem().0, 404);
    let anew = world.client.post_sdp(&media, &ann.token, CHROMIUM).await;
    assert_eq!(anew.status, 201);
    assert_eq!(events.wait_for("media").await["phase"], "open");
}

#[tokio::test]
async fn orders_wait_for_a_core_that_is_away() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    // The same core: its link breaks, its state stays.
    let state = core.state.clone();
    core.kill(&world.socket()).await;
    world.core_is(false).await;
    for source in ["audio", "camera"] {
        world
            .client
            .post(
                &format!("{meeting}/participants/1/mute"),
                &ann.token,
                json!({"source": source}),
            )
            .await;
    }
    let core = FakeCore::start_with(world.socket(), state);
    core.ordered(|command| {
        matches!(
            command,
            Command::Mute {
                source: Source::Camera,
                ..
            }
        )
    })
    .await;
    let mutes: Vec<_> = core
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::Mute { source, .. } => Some(source),
            _ => None,
        })
        .collect();
    assert_eq!(mutes[..3], [Source::Screen, Source::Audio, Source::Camera]);
    assert!(
        !core
            .commands()
            .iter()
            .any(|command| matches!(command, Command::CloseSession { .. }))
    );
}

#[tokio::test]
async fn what_the_store_does_not_want_is_closed_at_the_core() {
    let (mut world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let session = core.state.lock().unwrap().meetings[0].sessions[0].clone();
    world.stop().await;
    {
        let mut state = core.state.lock().unwrap();
        let mut stray = session.clone();
        stray.session.0 += 1;
        state.meetings[0].sessions.push(stray);
        let mut unknown = state.meetings[0].clone();
        unknown.meeting.0 += 1;
        unknown.sessions.clear();
        state.meetings.push(unknown);
    }
    world.start_again().await;
    let order = core
        .ordered(|command| matches!(command, Command::CloseSession { .. }))
        .await;
    let Command::CloseSession { session: closed } = order.command else {
        unreachable!()
    };
    assert_eq!(closed.0, session.session.0 + 1);
    let order = core
        .ordered(|command| *command == Command::CloseMeeting)
        .await;
    assert_ne!(
        order.meeting,
        core.state.lock().unwrap().meetings[0].meeting
    );
}

#[tokio::test]
async fn what_a_full_core_refuses_is_said_again_as_things_stand_then() {
    let (world, core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post_sdp(&format!("{meeting}/media"), &ann.token, CHROMIUM)
        .await;
    let full = Refusal::Full {
        limit: "MAILBOX_MESSAGES_MAX".into(),
    };
    core.state.lock().unwrap().refuse_mutes = vec![full];
    let me = format!("{meeting}/participants/1");
    let source = json!({"source": "audio"});
    // The first is refused; the second, carried out before the first is said again, must win.
    for verb in ["mute", "unmute"] {
        let path = format!("{me}/{verb}");
        world.client.post(&path, &ann.token, source.clone()).await;
    }
    let audio = |command: &&Command| {
        matches!(
            command,
            Command::Mute {
                source: Source::Audio,
                ..
            }
        )
    };
    let said = async {
        while core.commands().iter().filter(audio).count() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), said).await.unwrap();
    let muted = core.state.lock().unwrap().meetings[0].muted.clone();
    assert!(
        !muted.contains(&(ParticipantId(1), Source::Audio)),
        "{muted:?}"
    );
    let outbox = world.app().store.read(|tx| tx.orders_from(0, 9).unwrap());
    assert!(outbox.len() <= 1, "{outbox:?}");
}

#[tokio::test]
async fn a_core_that_is_stopped_does_not_look_up() {
    let (world, core) = World::new().await;
    core.state.lock().unwrap().stopped = true;
    let mut up = world.app().core.watch_up();
    timeout(Duration::from_secs(30), up.wait_for(|up| !*up))
        .await
        .unwrap()
        .unwrap();
    core.state.lock().unwrap().stopped = false;
    world.core_is(true).await;
}
