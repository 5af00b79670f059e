//! Participants: join, leave, and what is done to them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sfu_proto::ids::ParticipantId;

use super::Problem;
use super::meetings::code;
use super::write::{Nothing, Write, json, no_content, perform};
use crate::app::App;
use crate::model::{Answer, JoinView, LiveSources, Participant, ParticipantView, SourceName};
use crate::node::Live;
use crate::service::{Caller, ServiceError, mute, participants, screen, tokens, views};
use crate::store::Tx;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    name: String,
    #[serde(default)]
    role: JoinRole,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum JoinRole {
    #[default]
    Participant,
    Viewer,
}

pub(super) async fn join(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<Join>,
) -> Result<Response, Problem> {
    let code = code(&id)?;
    let live = Arc::clone(&app.live);
    perform(&app, write, move |tx, _, join| {
        let viewer = join.role == JoinRole::Viewer;
        let joined = participants::join(tx, &code, &join.name, viewer)?;
        let base = format!("/api/v1/meetings/{code}");
        let view = JoinView {
            participant: ParticipantView::new(&joined.participant, LiveSources::default()),
            token: joined.token.as_str().to_owned(),
            expires_at: joined.expires_at.to_string(),
            media_url: format!("{base}/media"),
            events_url: format!("{base}/events"),
            ice_servers: [],
            meeting: views::meeting(tx, &live, &joined.meeting)?,
        };
        Ok(json(StatusCode::CREATED, &view))
    })
    .await
}

pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    called(&app, &id, write, |tx, _, caller, Nothing {}| {
        participants::leave(tx, caller)?;
        Ok(no_content())
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    source: SourceName,
}

pub(super) async fn mute(
    State(app): State<Arc<App>>,
    Path((id, pid)): Path<(String, String)>,
    write: Write<Which>,
) -> Result<Response, Problem> {
    set_muted(&app, &id, &pid, write, true).await
}

pub(super) async fn unmute(
    State(app): State<Arc<App>>,
    Path((id, pid)): Path<(String, String)>,
    write: Write<Which>,
) -> Result<Response, Problem> {
    set_muted(&app, &id, &pid, write, false).await
}

async fn set_muted(
    app: &App,
    id: &str,
    pid: &str,
    write: Write<Which>,
    muted: bool,
) -> Result<Response, Problem> {
    let whom = participant_id(pid)?;
    called(app, id, write, move |tx, live, caller, which| {
        let participant = mute::set(tx, caller, whom, which.source.into(), muted)?;
        Ok(participant_answer(live, &participant))
    })
    .await
}

pub(super) async fn kick(
    State(app): State<Arc<App>>,
    Path((id, pid)): Path<(String, String)>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let whom = participant_id(&pid)?;
    called(&app, &id, write, move |tx, _, caller, Nothing {}| {
        participants::kick(tx, caller, whom)?;
        Ok(no_content())
    })
    .await
}

pub(super) async fn start_screen(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    called(&app, &id, write, |tx, live, caller, Nothing {}| {
        Ok(participant_answer(live, &screen::start(tx, caller)?))
    })
    .await
}

pub(super) async fn stop_screen(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    called(&app, &id, write, |tx, live, caller, Nothing {}| {
        Ok(participant_answer(live, &screen::stop(tx, caller)?))
    })
    .await
}

/// A write of somebody in the meeting.
async fn called<T: Send + 'static>(
    app: &App,
    id: &str,
    write: Write<T>,
    verb: impl FnOnce(&mut Tx<'_>, &Live, &Caller, T) -> Result<Answer, ServiceError> + Send + 'static,
) -> Result<Response, Problem> {
    let code = code(id)?;
    let live = Arc::clone(&app.live);
    perform(app, write, move |tx, bearer, body| {
        let caller = tokens::authenticate_in(tx, &code, bearer)?;
        verb(tx, &live, &caller, body)
    })
    .await
}

fn participant_answer(live: &Live, participant: &Participant) -> Answer {
    let sources = live.sources(participant.meeting, participant.id);
    json(StatusCode::OK, &ParticipantView::new(participant, sources))
}

fn participant_id(pid: &str) -> Result<ParticipantId, Problem> {
    pid.parse()
        .map(ParticipantId)
        .map_err(|_| ServiceError::NotFound("participant in this meeting").into())
}
