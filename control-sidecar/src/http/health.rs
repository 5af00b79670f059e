//! Is this node alive, and is it ready for people?

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::write::{json, respond};
use crate::app::App;

#[derive(Debug, Serialize)]
struct Health {
    /// This process turns: it has answered.
    live: bool,
    /// Store and core are there: meetings can be held.
    ready: bool,
    store: &'static str,
    core: &'static str,
    participants: usize,
    media_sessions: usize,
}

pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    let (store, core) = (app.store.is_sound(), app.core.is_up());
    let ready = store && core;
    let health = Health {
        live: true,
        ready,
        store: if store { "sound" } else { "failed" },
        core: if core { "up" } else { "down" },
        participants: app.presence.count(),
        media_sessions: app.live.session_count(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    respond(json(status, &health))
}
