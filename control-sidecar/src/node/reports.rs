//! What the core says unasked: into live state, to the pages, and into the store where it lasts.

use std::sync::Arc;

use sfu_proto::control::{Report, SessionPhase};

use crate::app::App;
use crate::events::socket;
use crate::service::sessions;

pub fn take(app: &Arc<App>, report: &Report) {
    for announcement in app.live.apply(report) {
        app.hub.announce(&announcement);
    }
    let Report::Session {
        meeting,
        session,
        participant,
        phase,
    } = report
    else {
        return;
    };
    if let SessionPhase::Closed(_) = phase {
        app.presence
            .socket_closed(*meeting, *participant, app.clock.uptime());
        let (app, session) = (Arc::clone(app), *session);
        // The link must not wait for the disk; if this is lost, the next snapshot says it again.
        tokio::spawn(async move {
            if let Err(error) = app
                .store
                .write(move |tx| sessions::ended(tx, session))
                .await
            {
                tracing::warn!(%session, %error, "the end of a session was not stored");
            }
        });
    } else {
        socket::watch(app, *meeting, *participant);
    }
}
