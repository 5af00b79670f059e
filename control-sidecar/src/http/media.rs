//! Media URLs: WHIP (RFC 9725) and WHEP, the same for pages and for other clients. They are the
//! only URLs that other origins' pages may use.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sfu_proto::ids::SessionId;

use super::meetings::code;
use super::write::{key, respond};
use super::{Problem, body};
use crate::app::App;
use crate::service::idempotency::Request;
use crate::service::{ServiceError, media, sessions, tokens};

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Chromium's offer with a dozen lines has some 30 KB.
const SDP_BYTES_MAX: usize = 512 << 10;
const FRAGMENT_BYTES_MAX: usize = 64 << 10;

pub(super) async fn open(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let code = code(&id)?;
    body::require_type(&headers, SDP)?;
    let key = key(&headers)?;
    let bearer = body::bearer(&headers);
    // Half a megabyte is read only from somebody in the meeting.
    app.store
        .read(|tx| tokens::authenticate_in(tx, &code, bearer))?;
    let offer = body::read_text(body, SDP_BYTES_MAX).await?;
    let route = format!("POST {}", uri.path());
    let request = key.map(|key| Request::new(&route, &key, bearer, offer.as_bytes()));
    // A task of its own: a client that hangs up must not leave a session half open.
    let answer = tokio::spawn(media::open(app, code, bearer, request, offer));
    Ok(respond(answer.await.map_err(defect)??))
}

pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Path(session): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = session_id(&session)?;
    body::require_type(&headers, FRAGMENT)?;
    let if_match = headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let bearer = body::bearer(&headers);
    app.store.read(|tx| {
        let caller = tokens::authenticate(tx, bearer)?;
        sessions::own(tx, &caller, session)
    })?;
    let fragment = body::read_text(body, FRAGMENT_BYTES_MAX).await?;
    let answer = tokio::spawn(media::patch(app, session, bearer, if_match, fragment));
    Ok(respond(answer.await.map_err(defect)??))
}

pub(super) async fn close(
    State(app): State<Arc<App>>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let session = session_id(&session)?;
    media::close(&app, session, body::bearer(&headers)).await?;
    Ok(StatusCode::OK.into_response())
}

/// CORS preflight, and what may be posted here.
pub(super) async fn options() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ALLOW, "POST, PATCH, DELETE, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "POST, PATCH, DELETE, OPTIONS",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key, If-Match",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("accept-post", HeaderValue::from_static(SDP));
    headers.insert("accept-patch", HeaderValue::from_static(FRAGMENT));
    response
}

/// Any origin may ask: what counts is the bearer token, which no browser adds by itself.
pub(super) async fn allow_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Location, Retry-After"),
    );
    response
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
        .map(SessionId)
        .ok_or_else(|| ServiceError::NotFound("media session").into())
}

fn defect(error: tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "media signalling panicked");
    Problem::of(StatusCode::INTERNAL_SERVER_ERROR)
}
