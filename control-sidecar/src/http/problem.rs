//! Every error of the API: `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::sdp::SdpError;
use crate::service::media::MediaError;
use crate::service::{Lacking, ServiceError};
use crate::store::StoreError;

#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type", serialize_with = "as_type")]
    slug: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// Whose fault it is and what to do.
    detail: String,
    /// Where an SDP text is at fault, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

fn as_type<S: serde::Serializer>(slug: &&'static str, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("https://millrace.dev/problems/{slug}"))
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self {
            slug,
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            line: None,
            text: None,
            retry_after_seconds: None,
        }
    }

    /// The plain problem of a status.
    pub fn of(status: StatusCode) -> Self {
        let (slug, detail) = match status {
            StatusCode::NOT_FOUND => ("not-found", "there is nothing at this URL: check the path"),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method-not-allowed",
                "this URL does not take this method: Allow lists those it takes",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "the request is too large: send less"),
            StatusCode::UPGRADE_REQUIRED => (
                "websocket-only",
                "this URL speaks WebSocket (version 13) only: open it as a WebSocket, with the \
                 subprotocols millrace.events.v1 and bearer.<token>",
            ),
            StatusCode::INTERNAL_SERVER_ERROR => (
                "internal",
                "the server failed; this is a defect, please report it with the server's log",
            ),
            _ => (
                "bad-request",
                "the request is malformed: check it against the API",
            ),
        };
        Self::new(status, slug, detail)
    }

    pub fn bad_request(slug: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, detail)
    }

    fn unavailable(lacking: Lacking, detail: impl Into<String>) -> Self {
        let slug = match lacking {
            Lacking::Room => "full",
            Lacking::Core => "core-down",
            Lacking::Time => "busy",
        };
        Self {
            retry_after_seconds: Some(lacking.retry_after_seconds()),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, slug, detail)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and numbers always make JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Self::CONTENT_TYPE),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let detail = error.to_string();
        let (status, slug) = match &error {
            ServiceError::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            ServiceError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            ServiceError::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            ServiceError::Ended => (StatusCode::GONE, "meeting-ended"),
            ServiceError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            ServiceError::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused"),
            ServiceError::PreconditionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "precondition-required")
            }
            ServiceError::PreconditionFailed => {
                (StatusCode::PRECONDITION_FAILED, "precondition-failed")
            }
            ServiceError::Unavailable { lacking, .. } => {
                return Self::unavailable(*lacking, detail);
            }
            ServiceError::Store(error) => return error.clone().into(),
        };
        Self::new(status, slug, detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::unavailable(
                Lacking::Time,
                "the server has more to write than it can: try again later",
            ),
            // What broke is for the operator's log, not for the caller.
            error => {
                tracing::error!(%error, "a request failed on the store");
                Self::of(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl From<SdpError> for Problem {
    fn from(error: SdpError) -> Self {
        let (status, slug) = if error.is_broken() {
            (StatusCode::BAD_REQUEST, "sdp-broken")
        } else {
            (StatusCode::UNPROCESSABLE_ENTITY, "sdp-lacking")
        };
        Self {
            line: Some(error.line),
            text: Some(error.text.clone()),
            ..Self::new(status, slug, error.to_string())
        }
    }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Sdp(error) => error.into(),
            MediaError::Service(error) => error.into(),
            MediaError::Answer(error) => {
                tracing::error!(%error, "no answer to an offer");
                Self::of(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}
