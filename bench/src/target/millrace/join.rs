//! Many participants at once: each as a page does it, as many at a time as keep both CPUs busy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use super::join_cost::{JoinCost, Watched};
use crate::client::consent::Consent;
use crate::client::dtls::Identity;
use crate::client::sdp::{Description, Offer};
use crate::client::{http, transport};
use crate::endpoint::{Endpoint, IcePair};
use crate::lab::network::Network;
use crate::target::{Room, Seat};

/// More only makes each wait longer: a handshake is a millisecond of CPU time on either side.
const AT_ONCE_MAX: usize = 48;
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// SSRCs of the first participant. Eight belong to each.
const SSRC_FIRST: u32 = 0x1000_0000;
const SSRCS_PER_SEAT: u32 = 8;

pub(super) type Progress = Box<dyn FnMut(usize, usize) + Send>;

/// What every participant needs on the way in.
pub(super) struct Gate {
    pub(super) client: http::Client,
    pub(super) identity: Arc<Identity>,
    pub(super) network: Arc<Network>,
}

#[derive(Deserialize)]
struct Meeting {
    meeting_id: String,
}

#[derive(Deserialize)]
struct Joined {
    token: String,
    media_url: String,
}

/// One who is in.
struct Entered {
    room: usize,
    seat: usize,
    endpoint: Endpoint,
    signalling: Duration,
    ice: Duration,
    dtls: Duration,
}

/// Brings everybody in. `first` is the number of the first participant, `watched` whose CPU time is
/// told; a server that is not ours cannot be looked into.
pub(super) async fn all(
    gate: Gate,
    rooms: &[Room],
    first: u32,
    watched: Option<Watched>,
    progress: &mut Progress,
) -> anyhow::Result<(Vec<Vec<Endpoint>>, JoinCost)> {
    let started = Instant::now();
    let before = watched.as_ref().map(Watched::now).transpose()?;
    let total = rooms.iter().map(|room| room.seats.len()).sum();
    let gate = Arc::new(gate);
    let meetings = open_meetings(&gate, rooms.len()).await?;
    let mut places: Vec<Vec<Option<Endpoint>>> = rooms
        .iter()
        .map(|room| room.seats.iter().map(|_| None).collect())
        .collect();
    let everybody = rooms.iter().enumerate().flat_map(|(room, of)| {
        let seats = of.seats.iter().enumerate();
        seats.map(move |(seat, wanted)| (room, seat, *wanted))
    });
    let mut waiting = (first..).zip(everybody);
    let mut entering = JoinSet::new();
    let mut consent = Consent::default();
    let mut renew = tokio::time::interval(RENEW_EVERY);
    let mut cost = JoinCost::default();
    loop {
        while entering.len() < AT_ONCE_MAX
            && let Some((number, (room, seat, wanted))) = waiting.next()
        {
            let (gate, meeting) = (Arc::clone(&gate), meetings[room].clone());
            entering.spawn(async move {
                let entered = gate.enter(&meeting, number, &wanted, (room, seat)).await;
                entered.with_context(|| format!("seat {seat} of room {room}"))
            });
        }
        tokio::select! {
            entered = entering.join_next() => {
                let Some(entered) = entered else { break };
                let entered = entered??;
                consent.add(&entered.endpoint, Instant::now());
                cost.joined += 1;
                cost.signalling += entered.signalling;
                cost.ice += entered.ice;
                cost.dtls += entered.dtls;
                progress(cost.joined, total);
                places[entered.room][entered.seat] = Some(entered.endpoint);
            }
            _ = renew.tick() => consent.renew(Instant::now())?,
        }
    }
    cost.elapsed = started.elapsed();
    if let (Some(watched), Some(before)) = (watched, before) {
        cost.spent = Some(watched.now()?.since(&before));
    }
    let endpoints: Option<Vec<Vec<Endpoint>>> = places
        .into_iter()
        .map(|room| room.into_iter().collect())
        .collect();
    let endpoints = endpoints.ok_or_else(|| anyhow!("a seat was left empty"))?;
    Ok((endpoints, cost))
}

async fn open_meetings(gate: &Arc<Gate>, count: usize) -> anyhow::Result<Vec<String>> {
    let mut meetings = vec![String::new(); count];
    let mut opening = JoinSet::new();
    let mut waiting = 0..count;
    loop {
        for room in waiting.by_ref().take(AT_ONCE_MAX - opening.len()) {
            let gate = Arc::clone(gate);
            opening.spawn(async move {
                let title = json!({"title": format!("bench {room}")});
                let opened = gate.client.post("/api/v1/meetings", "", &title);
                opened
                    .await
                    .map(|Meeting { meeting_id }| (room, meeting_id))
            });
        }
        let Some(opened) = opening.join_next().await else {
            return Ok(meetings);
        };
        let (room, meeting) = opened??;
        meetings[room] = meeting;
    }
}

impl Gate {
    /// Join, offer, ICE, DTLS. The offer follows the join at once: a participant without a media
    /// session is gone after a while.
    async fn enter(
        &self,
        meeting: &str,
        number: u32,
        wanted: &Seat,
        (room, seat): (usize, usize),
    ) -> anyhow::Result<Entered> {
        let started = Instant::now();
        let publishes = wanted.sends_audio || wanted.video_layers > 0;
        let role = if publishes { "participant" } else { "viewer" };
        let path = format!("/api/v1/meetings/{meeting}/join");
        let body = json!({"name": format!("bench {number}"), "role": role});
        let joined: Joined = self.client.post(&path, "", &body).await?;

        let mut ice = IcePair::local()?;
        let first_ssrc = SSRC_FIRST + number * SSRCS_PER_SEAT;
        let offer = Offer::new(wanted, &ice, self.identity.fingerprint(), first_ssrc)?;
        let (url, token) = (&joined.media_url, &joined.token);
        let answer = self
            .client
            .post_offer(url, token, offer.text.clone())
            .await?;
        let answer = Description::parse(&answer)?;
        let (sends, receives) = offer.agreed(&answer)?;
        ice.remote_ufrag.clone_from(&answer.ufrag);
        ice.remote_password.clone_from(&answer.password);
        let signalling = started.elapsed();

        let local = self.network.participant(number)?;
        let connected = transport::connect(local, &ice, &answer, &self.identity).await?;
        Ok(Entered {
            room,
            seat,
            endpoint: Endpoint {
                local,
                remote: connected.remote,
                keys: connected.keys,
                ice: Some(ice),
                sends,
                receives,
            },
            signalling,
            ice: connected.ice_time,
            dtls: connected.dtls_time,
        })
    }
}
