//! Meetings: create, look, end.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Problem;
use super::write::{Nothing, Write, json, no_content, perform, respond};
use crate::app::App;
use crate::model::MeetingCode;
use crate::service::{ServiceError, meetings, tokens, views};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    title: Option<String>,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    write: Write<Create>,
) -> Result<Response, Problem> {
    let live = Arc::clone(&app.live);
    perform(&app, write, move |tx, _, create| {
        let meeting = meetings::create(tx, create.title.as_deref())?;
        let mut answer = json(StatusCode::CREATED, &views::meeting(tx, &live, &meeting)?);
        answer.location = Some(format!("/api/v1/meetings/{}", meeting.code));
        Ok(answer)
    })
    .await
}

pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let code = code(&id)?;
    let view = app.store.read(|tx| {
        let meeting = tx
            .meeting_by_code(&code)?
            .ok_or(ServiceError::NotFound("meeting"))?;
        views::meeting(tx, &app.live, &meeting)
    })?;
    Ok(respond(json(StatusCode::OK, &view)))
}

pub(super) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    write: Write<Nothing>,
) -> Result<Response, Problem> {
    let code = code(&id)?;
    perform(&app, write, move |tx, bearer, Nothing {}| {
        let caller = tokens::authenticate_in(tx, &code, bearer)?;
        meetings::end(tx, &caller)?;
        Ok(no_content())
    })
    .await
}

/// What does not read as a meeting's code names no meeting.
pub(super) fn code(id: &str) -> Result<MeetingCode, Problem> {
    id.parse()
        .map_err(|_| ServiceError::NotFound("meeting").into())
}
