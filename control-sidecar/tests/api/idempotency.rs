//! Same key, same request: same answer, also after a restart.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_repeated_join_is_one_join_even_after_a_restart() {
    let (mut world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let path = format!("{meeting}/join");
    let first = world
        .client
        .post_keyed(&path, "", "key-1", json!({"name": "Ann"}))
        .await;
    let second = world
        .client
        .post_keyed(&path, "", "key-1", json!({"name": "Ann"}))
        .await;
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    world.restart().await;
    let third = world
        .client
        .post_keyed(&path, "", "key-1", json!({"name": "Ann"}))
        .await;
    assert_eq!((first.status, &first.text), (third.status, &third.text));
    let seen = world.client.get(&meeting).await.json();
    assert_eq!(seen["participants"].as_array().unwrap().len(), 1);
    let other = world
        .client
        .post_keyed(&path, "", "key-1", json!({"name": "Eve"}))
        .await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".into()));
}

#[tokio::test]
async fn a_key_is_of_one_route_and_one_caller() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    let bob = world.join(&meeting, "Bob").await;
    let leave = format!("{meeting}/leave");
    let start = format!("{meeting}/screen-share/start");
    assert_eq!(
        world
            .client
            .post_keyed(&start, &bob.token, "k", json!({}))
            .await
            .status,
        200
    );
    assert_eq!(
        world
            .client
            .post_keyed(&leave, &bob.token, "k", json!({}))
            .await
            .status,
        204
    );
    // The token is void by now, and the answer stands.
    assert_eq!(
        world
            .client
            .post_keyed(&leave, &bob.token, "k", json!({}))
            .await
            .status,
        204
    );
    let other = world
        .client
        .post_keyed(&leave, &ann.token, "k", json!({}))
        .await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".into()));
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let (world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let path = format!("{meeting}/join");
    let refused = world
        .client
        .post_keyed(&path, "", "k", json!({"name": ""}))
        .await;
    assert_eq!(refused.problem(), (422, "invalid".into()));
    assert_eq!(
        world
            .client
            .post_keyed(&path, "", "k", json!({"name": "Ann"}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_write_without_a_key_is_refused() {
    let (world, _core) = World::new().await;
    let headers = [("content-type", "application/json")];
    let reply = world
        .client
        .send("POST", "/api/v1/meetings", &headers, "{}")
        .await;
    assert_eq!(reply.problem(), (400, "idempotency-key-missing".into()));
    for key in ["", "a b", &"x".repeat(129)] {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let reply = world
            .client
            .send("POST", "/api/v1/meetings", &headers, "{}")
            .await;
        assert_eq!(
            reply.problem(),
            (400, "idempotency-key-malformed".into()),
            "{key}"
        );
    }
}
