//! Prometheus text: the sidecar's own figures, then the core's counters.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::Problem;
use crate::app::App;

pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    match text(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn text(app: &App) -> Result<String, Problem> {
    let outbox = app.store.read(|tx| tx.orders_from(0, usize::MAX))?.len();
    let own = [
        (
            "millrace_core_up",
            "Whether the link to the core is up.",
            usize::from(app.core.is_up()),
        ),
        (
            "millrace_store_sound",
            "Whether the store acknowledges writes.",
            usize::from(app.store.is_sound()),
        ),
        (
            "millrace_participants",
            "Participants present in meetings.",
            app.presence.count(),
        ),
        (
            "millrace_media_sessions",
            "Media sessions that are not closed.",
            app.live.session_count(),
        ),
        (
            "millrace_event_sockets",
            "Open event sockets.",
            app.hub.socket_count(),
        ),
        (
            "millrace_outbox_orders",
            "Orders that the core has not answered.",
            outbox,
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in own {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
        );
    }
    for (name, value) in app.core.counters().await.unwrap_or_default() {
        let _ = writeln!(text, "{name} {value}");
    }
    Ok(text)
}
