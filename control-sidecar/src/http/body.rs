//! Reading a request: its body within a size and a time, its bearer token, its content type.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::Problem;
use crate::model::{SessionToken, TokenHash};

/// A body that trickles in more slowly is an attack or a dead link.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

pub(super) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let whole = timeout(BODY_TIME_MAX, Limited::new(body, bytes_max).collect())
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "slow-body",
                "the body came too slowly: send it at once",
            )
        })?;
    match whole {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("the body is longer than {bytes_max} bytes: send less"),
        )),
        Err(_) => Err(Problem::bad_request("broken-body", "the body broke off")),
    }
}

pub(super) async fn read_text(body: Body, bytes_max: usize) -> Result<String, Problem> {
    let bytes = read(body, bytes_max).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::bad_request("not-utf8", "the body is not UTF-8"))
}

/// The hash of the bearer token, if there is one that could be ours (RFC 6750 §2.1).
pub(super) fn bearer(headers: &HeaderMap) -> Option<TokenHash> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    Some(SessionToken::parse(token.trim())?.hash())
}

/// Refuses content of another type, whatever its parameters.
pub(super) fn require_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        format!("this URL takes Content-Type: {wanted}"),
    ))
}
