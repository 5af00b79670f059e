//! Slow and hostile connections.

use std::sync::Arc;
use std::time::Duration;

use control_sidecar::http::{router, server::Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::Client;
use crate::world::World;

async fn answer_to(world: &World, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.client.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    read.expect("the server hangs up").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_or_a_body_that_does_not_come_is_given_up() {
    let (world, _core) = World::new().await;
    let head = answer_to(&world, b"POST /api/v1/meetings HTTP/1.1\r\nhost: x\r\n");
    let body = answer_to(
        &world,
        b"POST /api/v1/meetings HTTP/1.1\r\nhost: x\r\nconnection: close\r\nidempotency-key: k\r\n\
          content-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    );
    let (head, body) = tokio::join!(head, body);
    assert!(
        head.is_empty() || head.starts_with("HTTP/1.1 408"),
        "{head}"
    );
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    assert!(body.contains("application/problem+json"), "{body}");
}

#[tokio::test]
async fn an_event_socket_counts_as_a_connection_for_all_its_life() {
    let (mut world, _core) = World::new().await;
    let meeting = world.meeting().await;
    let ann = world.join(&meeting, "Ann").await;
    // A second server on the same meetings, with room for one.
    let app = Arc::clone(world.app());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.client = Client::new(listener.local_addr().unwrap());
    let (_stop, stopped) = watch::channel(false);
    let server = tokio::spawn(Server::new(router(app), 1).serve(vec![(listener, None)], stopped));
    let mut events = world.events(&meeting, &ann.token).await;
    events.wait_for("welcome").await;
    let health = world.client.get("/v1/health");
    tokio::pin!(health);
    let waited = timeout(Duration::from_millis(300), &mut health).await;
    assert!(waited.is_err(), "a second connection was served");
    drop(events);
    assert_eq!(health.await.status, 200);
    server.abort();
}

#[tokio::test]
async fn garbage_is_answered_and_the_server_lives() {
    let (world, _core) = World::new().await;
    assert!(
        answer_to(&world, b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: x\r\n{}\r\n",
        "a: b\r\n".repeat(200)
    );
    assert!(
        answer_to(&world, many.as_bytes())
            .await
            .starts_with("HTTP/1.1 431")
    );
    assert_eq!(world.client.get("/").await.status, 200);
}

#[tokio::test]
async fn the_page_is_fenced() {
    let (world, _core) = World::new().await;
    let page = world.client.get("/").await;
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'self'")
    );
    assert!(page.header("permissions-policy").contains("camera=(self)"));
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn health_and_metrics_say_how_things_are() {
    let (world, core) = World::new().await;
    let health = world.client.get("/v1/health").await;
    assert_eq!(
        (health.status, &health.json()["ready"]),
        (200, &true.into())
    );
    let metrics = world.client.get("/metrics").await.text;
    assert!(metrics.contains("\nmillrace_core_up 1\n"), "{metrics}");
    assert!(metrics.contains("\nsfu_packets_total 7\n"), "{metrics}");
    core.kill(&world.socket()).await;
    world.core_is(false).await;
    let health = world.client.get("/v1/health").await;
    assert_eq!(
        (
            health.status,
            &health.json()["live"],
            &health.json()["ready"]
        ),
        (503, &true.into(), &false.into())
    );
}
