//! The whole API on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, patch, post};

use super::problem::Problem;
use super::{events, health, media, meetings, metrics, page, participants};
use crate::app::App;

pub fn router(app: Arc<App>) -> Router {
    let meeting = Router::new()
        .route("/", get(meetings::get))
        .route("/join", post(participants::join))
        .route("/leave", post(participants::leave))
        .route("/end", post(meetings::end))
        .route("/participants/{pid}/mute", post(participants::mute))
        .route("/participants/{pid}/unmute", post(participants::unmute))
        .route("/participants/{pid}/kick", post(participants::kick))
        .route("/screen-share/start", post(participants::start_screen))
        .route("/screen-share/stop", post(participants::stop_screen))
        .route("/events", get(events::open));
    let media = Router::new()
        .route(
            "/meetings/{id}/media",
            post(media::open).options(media::options),
        )
        .route(
            "/media/{session}",
            patch(media::patch)
                .delete(media::close)
                .options(media::options),
        )
        .layer(middleware::map_response(media::allow_origin));
    let api = Router::new()
        .route("/meetings", post(meetings::create))
        .nest("/meetings/{id}", meeting)
        .merge(media);
    Router::new()
        .nest("/api/v1", api)
        .route("/v1/health", get(health::get))
        .route("/metrics", get(metrics::get))
        .route("/", get(page::index))
        .route("/m/{id}", get(page::index))
        .fallback(page::file_or_not_found)
        .method_not_allowed_fallback(async || Problem::of(StatusCode::METHOD_NOT_ALLOWED))
        .layer(middleware::from_fn(errors_are_problems))
        .with_state(app)
}

/// What axum refuses by itself is plain text; every error of ours is a problem document.
async fn errors_are_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    // Ours are JSON of some kind: a problem, or the health of a node that is not ready.
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/"));
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || is_ours {
        return response;
    }
    let mut problem = Problem::of(status).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}
