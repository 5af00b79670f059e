//! Every error is a problem document that says whose fault it is.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (world, _core) = World::new().await;
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/meetings/abc",
        "/api/v1/meetings/abc-defg-hij",
        "/assets/none.js",
    ] {
        assert_eq!(
            world.client.get(path).await.problem(),
            (404, "not-found".into()),
            "{path}"
        );
    }
    let reply = world
        .client
        .post(
            "/api/v1/meetings/abc-defg-hij/join",
            "",
            json!({"name": "Ann"}),
        )
        .await;
    assert_eq!(reply.problem().0, 404);
}

#[tokio::test]
async fn methods_types_and_bodies_are_checked() {
    let (world, _core) = World::new().await;
    let wrong = world
        .client
        .send("DELETE", "/api/v1/meetings", &[], "")
        .await;
    assert_eq!(wrong.problem(), (405, "method-not-allowed".into()));
    assert_eq!(wrong.header("allow"), "POST");
    let typed = |kind| [("content-type", kind), ("idempotency-key", "k")];
    let send = |kind, body: String| {
        let client = world.client.clone();
        async move {
            client
                .send("POST", "/api/v1/meetings", &typed(kind), body)
                .await
                .problem()
        }
    };
    assert_eq!(
        send("text/plain", "{}".into()).await,
        (415, "unsupported-media-type".into())
    );
    let json = "application/json; charset=utf-8";
    assert_eq!(send(json, "{".into()).await, (400, "broken-json".into()));
    assert_eq!(send(json, "".into()).await, (400, "broken-json".into()));
    assert_eq!(
        send(json, r#"{"title": 7}"#.into()).await,
        (422, "invalid".into())
    );
    assert_eq!(
        send(json, r#"{"titel": "Tea"}"#.into()).await,
        (422, "invalid".into())
    );
    assert_eq!(
        send(json, format!(r#"{{"title": "{}"}}"#, "x".repeat(201))).await,
        (422, "invalid".into())
    );
    assert_eq!(
        send(json, format!(r#"{{"title": "{}"}}"#, "x".repeat(20_000))).await,
        (413, "too-large".into())
    );
    assert_eq!(
        send(json, "[".repeat(16_000)).await,
        (400, "broken-json".into())
    );
}

#[tokio::test]
async fn tokens_are_checked() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let other = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let leave = format!("{meeting}/leave");
    for token in ["", "short", &"A".repeat(43)] {
        let reply = world.client.post(&leave, token, json!({})).await;
        assert_eq!(reply.problem(), (401, "unauthorized".into()));
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    let reply = world
        .client
        .post(&format!("{other}/leave"), &ann.token, json!({}))
        .await;
    assert_eq!(reply.problem(), (403, "forbidden".into()));
    world
        .clock
        .advance(std::time::Duration::from_secs(12 * 3_600));
    assert_eq!(
        world
            .client
            .post(&leave, &ann.token, json!({}))
            .await
            .problem()
            .0,
        401
    );
}

#[tokio::test]
async fn the_store_holds_no_token_in_plain() {
    let (mut world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    world.stop().await;
    let store = world.socket().parent().unwrap().join("store/db");
    let bytes = std::fs::read(store).unwrap();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("\"Ann\""), "the store is where it is looked for");
    assert!(!holds(&ann.token));
}
