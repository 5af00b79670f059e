//! A JSON write: parsed whole before anything happens, done at most once for each
//! `Idempotency-Key` (DESIGN D11).

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Problem, body};
use crate::app::App;
use crate::model::{Answer, TokenHash};
use crate::service::{ServiceError, idempotency};
use crate::store::Tx;

/// Our longest body is a title.
const JSON_BYTES_MAX: usize = 16 << 10;
const KEY_BYTES_MAX: usize = 128;

#[derive(Debug)]
pub(super) struct Write<T> {
    pub(super) bearer: Option<TokenHash>,
    pub(super) body: T,
    request: idempotency::Request,
}

/// The body of writes that say nothing but do it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        body::require_type(&parts.headers, "application/json")?;
        let key = key(&parts.headers)?.ok_or_else(|| {
            Problem::bad_request(
                "idempotency-key-missing",
                "send Idempotency-Key, a fresh one for each new request (a UUID will do)",
            )
        })?;
        let bytes = body::read(body, JSON_BYTES_MAX).await?;
        let bearer = body::bearer(&parts.headers);
        // `nest` shortens `parts.uri` for inner routers; the scope must be the whole path.
        let path = parts
            .extensions
            .get::<axum::extract::OriginalUri>()
            .map_or_else(|| parts.uri.path(), |original| original.0.path());
        let route = format!("{} {path}", parts.method);
        Ok(Self {
            bearer,
            body: parse(&bytes)?,
            request: idempotency::Request::new(&route, &key, bearer, &bytes),
        })
    }
}

/// The `Idempotency-Key`, if there is one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key)
            if (1..=KEY_BYTES_MAX).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Problem::bad_request(
            "idempotency-key-malformed",
            format!("Idempotency-Key: 1 to {KEY_BYTES_MAX} visible ASCII characters"),
        )),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(
                status,
                "invalid",
                format!("the body is not what this URL takes: {error}"),
            )
        } else {
            Problem::bad_request("broken-json", format!("the body is not JSON: {error}"))
        }
    })
}

/// Runs a verb once and answers; a repetition gets the answer of the first time.
pub(super) async fn perform<T: Send + 'static>(
    app: &App,
    write: Write<T>,
    verb: impl FnOnce(&mut Tx<'_>, Option<TokenHash>, T) -> Result<Answer, ServiceError>
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let Write {
        bearer,
        body,
        request,
    } = write;
    let answer = app
        .store
        .write(move |tx| {
            if let Some(answer) = request.replay(tx)? {
                return Ok(answer);
            }
            let answer = verb(tx, bearer, body)?;
            request.keep(tx, &answer)?;
            Ok::<_, ServiceError>(answer)
        })
        .await?;
    Ok(respond(answer))
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    Answer {
        status: status.as_u16(),
        content_type: Some("application/json".into()),
        // What we answer holds strings, numbers and lists of them, which always make JSON.
        body: serde_json::to_string(body).unwrap_or_default(),
        ..Answer::default()
    }
}

pub(super) fn no_content() -> Answer {
    Answer {
        status: StatusCode::NO_CONTENT.as_u16(),
        ..Answer::default()
    }
}

pub(super) fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        (header::CONTENT_TYPE, answer.content_type),
        (header::LOCATION, answer.location),
        (header::ETAG, answer.etag),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
