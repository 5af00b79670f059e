//! The requests of Janus's VideoRoom that a meeting needs.

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use super::api::{Api, Handle};

/// One stream of one publisher, as a subscriber asks for it.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) feed: u64,
    pub(super) mid: String,
}

/// A room without limits of its own: neither on bit rate nor on publishers.
pub(super) async fn create(api: &Api, room: u64, publishers: usize) -> anyhow::Result<()> {
    let handle = api.attach().await?;
    let body = json!({
        "request": "create",
        "room": room,
        "publishers": publishers.max(1),
        "bitrate": 0,
        "fir_freq": 0,
        "audiocodec": "opus",
        "videocodec": "vp8",
        "notify_joining": false,
    });
    api.message(&handle, body, None).await.map(drop)
}

/// Joins as publisher `feed` with an offer; gives the answer.
pub(super) async fn publish(
    api: &Api,
    handle: &Handle,
    room: u64,
    feed: u64,
    offer: &str,
) -> anyhow::Result<String> {
    let body = json!({
        "request": "joinandconfigure",
        "ptype": "publisher",
        "room": room,
        "id": feed,
        "bitrate": 0,
    });
    let (said, answer) = api.message(handle, body, Some(("offer", offer))).await?;
    answer.ok_or_else(|| anyhow!("the VideoRoom gives no answer: {said}"))
}

/// Asks for streams, any number of publishers' in one transport; gives Janus's offer.
pub(super) async fn subscribe(
    api: &Api,
    handle: &Handle,
    room: u64,
    wanted: &[Wanted],
) -> anyhow::Result<String> {
    let streams: Vec<Value> = wanted
        .iter()
        .map(|one| json!({"feed": one.feed, "mid": one.mid}))
        .collect();
    let body = json!({
        "request": "join",
        "ptype": "subscriber",
        "room": room,
        "streams": streams,
    });
    let (said, offer) = api.message(handle, body, None).await?;
    offer.ok_or_else(|| anyhow!("the VideoRoom makes no offer: {said}"))
}

/// Answers that offer.
pub(super) async fn start(api: &Api, handle: &Handle, answer: &str) -> anyhow::Result<()> {
    let body = json!({"request": "start"});
    let started = api.message(handle, body, Some(("answer", answer))).await;
    started.map(drop).context("answering Janus's offer")
}
