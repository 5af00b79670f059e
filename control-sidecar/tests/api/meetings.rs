//! Create, look, join, leave, end.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_meeting_is_made_joined_and_ended() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let seen = world.client.get(&meeting).await.json();
    assert_eq!(seen["title"], "Tea");
    assert_eq!(seen["status"], "open");
    assert_eq!(seen["created_at"], "2027-01-15T08:00:00.000Z");
    assert_eq!(seen["host_id"], json!(null));
    assert_eq!(seen["participants"], json!([]));
    let join_url = seen["join_url"].as_str().unwrap();
    assert_eq!(
        world.client.get(join_url).await.header("content-type"),
        "text/html; charset=utf-8"
    );

    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    assert_eq!((ann.id, bob.id), (1, 2));
    assert_eq!(ann.join["participant"]["role"], "host");
    assert_eq!(bob.join["participant"]["role"], "participant");
    assert_eq!(
        bob.join["participant"]["muted"],
        json!({"audio": false, "camera": false, "screen": true})
    );
    assert_eq!(
        bob.join["participant"]["live"],
        json!({"audio": false, "camera": false, "screen": false})
    );
    assert_eq!(bob.join["media_url"], format!("{meeting}/media"));
    assert_eq!(bob.join["events_url"], format!("{meeting}/events"));
    assert_eq!(bob.join["ice_servers"], json!([]));
    assert_eq!(bob.join["expires_at"], "2027-01-15T20:00:00.000Z");
    assert_eq!(
        bob.join["meeting"]["participants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(bob.join["meeting"]["host_id"], 1);

    let refused = world
        .client
        .post(&format!("{meeting}/end"), &bob.token, json!({}))
        .await;
    assert_eq!(refused.problem(), (403, "forbidden".into()));
    let ended = world
        .client
        .post(&format!("{meeting}/end"), &ann.token, json!({}))
        .await;
    assert_eq!((ended.status, ended.text.as_str()), (204, ""));
    assert_eq!(world.client.get(&meeting).await.json()["status"], "ended");
    let late = world
        .client
        .post(&format!("{meeting}/join"), "", json!({"name": "Cy"}))
        .await;
    assert_eq!(late.problem(), (410, "meeting-ended".into()));
}

#[tokio::test]
async fn who_leaves_is_gone_and_the_host_hands_over() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let viewer = world
        .join_as(&meeting, json!({"name": "Vi", "role": "viewer"}))
        .await;
    let bob = world.join(&meeting, "Bob").await;
    assert_eq!(viewer.join["participant"]["role"], "viewer");
    let mut events = world.events(&meeting, &bob.token).await;
    events.wait_for("welcome").await;
    let left = world
        .client
        .post(&format!("{meeting}/leave"), &ann.token, json!({}))
        .await;
    assert_eq!(left.status, 204);
    let event = events.wait_for("left").await;
    assert_eq!(
        (&event["participant_id"], &event["reason"]),
        (&json!(1), &json!("left"))
    );
    let event = events.wait_for("role").await;
    assert_eq!(
        (&event["participant_id"], &event["role"]),
        (&json!(bob.id), &json!("host"))
    );
    let seen = world.client.get(&meeting).await.json();
    assert_eq!(seen["host_id"], bob.id);
    assert_eq!(seen["participants"].as_array().unwrap().len(), 2);
    let again = world
        .client
        .post(&format!("{meeting}/leave"), &ann.token, json!({}))
        .await;
    assert_eq!(again.problem(), (401, "unauthorized".into()));
}

#[tokio::test]
async fn an_id_is_never_given_twice() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world
        .client
        .post(&format!("{meeting}/leave"), &ann.token, json!({}))
        .await;
    let again = world.join(&meeting, "Ann").await;
    assert_eq!(again.id, 2);
    assert_eq!(again.join["participant"]["role"], "host");
}
