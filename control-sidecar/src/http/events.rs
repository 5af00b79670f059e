//! The event WebSocket. Browsers hide the status of a refused upgrade from the page, so who may
//! not listen is told by a close code after it. The token comes as a subprotocol, since a page can
//! set no header here.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sfu_proto::ids::{MeetingId, ParticipantId};

use super::Problem;
use super::server::Place;
use crate::app::App;
use crate::events::{CloseCode, socket};
use crate::model::{SessionToken, TokenHash};
use crate::service::{ServiceError, tokens};

const PROTOCOL: &str = "millrace.events.v1";
/// Pages send little; a `watch` of all slots has some 2 KB.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

pub(super) async fn open(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Ok(upgrade) = upgrade else {
        return Ok(upgrade_required());
    };
    let offered = subprotocols(&headers);
    if !offered.contains(&PROTOCOL) {
        return Err(Problem::bad_request(
            "subprotocol",
            format!("offer the WebSocket subprotocols {PROTOCOL} and bearer.<token>"),
        ));
    }
    let token = offered
        .iter()
        .find_map(|offered| SessionToken::parse(offered.strip_prefix("bearer.")?))
        .map(|token| token.hash());
    let listener = admit(&app, &id, token);
    Ok(upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            // Given back when the socket is gone, not when HTTP ends on it.
            let _place = place;
            match listener {
                Ok((meeting, participant)) => {
                    socket::serve(app, meeting, participant, socket).await;
                }
                Err(code) => socket::close(socket, code).await,
            }
        }))
}

/// RFC 9110 §15.5.22 wants the protocol named, RFC 6455 §4.4 its version.
fn upgrade_required() -> Response {
    let mut response = Problem::of(StatusCode::UPGRADE_REQUIRED).into_response();
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(
        header::SEC_WEBSOCKET_VERSION,
        HeaderValue::from_static("13"),
    );
    response
}

fn admit(
    app: &App,
    id: &str,
    token: Option<TokenHash>,
) -> Result<(MeetingId, ParticipantId), CloseCode> {
    let code = id.parse().map_err(|_| CloseCode::NoMeeting)?;
    let caller = app
        .store
        .read(|tx| tokens::authenticate_in(tx, &code, token));
    match caller {
        Ok(caller) => Ok((caller.meeting.id, caller.id())),
        Err(ServiceError::NotFound(_)) => Err(CloseCode::NoMeeting),
        Err(ServiceError::Ended) => Err(CloseCode::Ended),
        Err(_) => Err(CloseCode::BadToken),
    }
}

/// RFC 6455 §11.3.4: a list, perhaps over several header lines.
fn subprotocols(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect()
}
