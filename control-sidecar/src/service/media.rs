//! Media signalling: an offer in, an answer out, with the core's reply in between.
//!
//! ```text
//! offer ─► sdp::plan ─► one transaction: media_session ⊕ order ─► node agent ─► core
//! answer ◄─ sdp::answer ◄─ one transaction: open ⊕ stored answer ◄───────────── outcome
//! ```

use std::sync::Arc;

use sfu_proto::control::{Codec, IceCredentials, Outcome, Refusal, SessionOpened};
use sfu_proto::ids::{OperationId, SessionId};

use super::idempotency::Request;
use super::{Caller, ServiceError, sessions, tokens};
use crate::app::App;
use crate::model::{Answer, MeetingCode, Role, TokenHash, random};
use crate::sdp::{self, SdpError};

/// Video codecs of every meeting, the preferred one first (DESIGN D1).
const VIDEO_CODECS: [Codec; 2] = [Codec::Vp8, Codec::H264];

/// Seconds after which trying again is worth while: the core restarts in less.
const RETRY_AFTER_DOWN: u64 = 2;
const RETRY_AFTER_FULL: u64 = 30;

#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error(transparent)]
    Sdp(#[from] SdpError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Ours: core and sidecar do not understand each other.
    #[error("{0}; this is a defect of the server")]
    Answer(#[from] sdp::WrongSlotCount),
}

impl From<crate::store::StoreError> for MediaError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// Opens a media session for an offer (RFC 9725 §4.2).
pub async fn open(
    app: Arc<App>,
    code: MeetingCode,
    token: Option<TokenHash>,
    request: Option<Request>,
    offer: String,
) -> Result<Answer, MediaError> {
    let known = app.store.read(|tx| match &request {
        Some(request) => request.replay(tx),
        None => Ok(None),
    })?;
    if let Some(answer) = known {
        return Ok(answer);
    }
    let caller = app
        .store
        .read(|tx| tokens::authenticate_in(tx, &code, token))?;
    let offer = sdp::offer::parse(&offer)?;
    let terms = sdp::Terms {
        may_publish: caller.participant.role != Role::Viewer,
        video: &VIDEO_CODECS,
    };
    let (plan, negotiated) = sdp::plan(&offer, caller.id(), &terms)?;

    let session = random::session_id();
    let outcome = order(&app, move |tx, operation| {
        let caller = tokens::authenticate_in(tx, &code, token)?;
        sessions::open(tx, &caller, session, operation, plan)
    });
    let opened = match outcome.await {
        Ok(opened) => opened,
        Err(NotOpened { error, operation }) => {
            give_up(&app, session, operation).await?;
            return Err(error.into());
        }
    };
    let body = sdp::answer(&offer, &negotiated, &opened, session)?;
    let answer = app.store.write(move |tx| {
        let session = sessions::opened(tx, session)?
            .ok_or_else(|| ServiceError::unavailable("the session was closed meanwhile", 1))?;
        let answer = Answer {
            status: 201,
            content_type: Some("application/sdp".into()),
            location: Some(format!("/api/v1/media/{}", session.session)),
            etag: Some(session.etag()),
            body,
        };
        if let Some(request) = request {
            request.keep(tx, &answer)?;
        }
        Ok::<_, ServiceError>(answer)
    });
    Ok(answer.await?)
}

/// Takes a fragment: candidates, which ICE-lite does not need, or an ICE restart
/// (RFC 9725 §4.3).
pub async fn patch(
    app: Arc<App>,
    session: SessionId,
    token: Option<TokenHash>,
    if_match: Option<String>,
    fragment: String,
) -> Result<Answer, MediaError> {
    let known = app.store.read(|tx| {
        let caller = tokens::authenticate(tx, token)?;
        sessions::own(tx, &caller, session)
    })?;
    let fragment = sdp::fragment::parse(&fragment)?;
    let Some(remote) = fragment.restart(&known.remote) else {
        return Ok(Answer {
            status: 204,
            ..Answer::default()
        });
    };
    let (opened, etag) = restart(&app, session, token, if_match, remote.clone()).await?;
    Ok(Answer {
        status: 200,
        content_type: Some("application/trickle-ice-sdpfrag".into()),
        location: None,
        etag: Some(etag),
        body: fragment.answer(&opened),
    })
}

async fn restart(
    app: &App,
    session: SessionId,
    token: Option<TokenHash>,
    if_match: Option<String>,
    remote: IceCredentials,
) -> Result<(SessionOpened, String), ServiceError> {
    let new = remote.clone();
    let opened = order(app, move |tx, operation| {
        let caller = tokens::authenticate(tx, token)?;
        let if_match = if_match.as_deref();
        sessions::restart_ice(tx, &caller, session, if_match, operation, new)
    })
    .await
    .map_err(|not_opened| not_opened.error)?;
    let session = app
        .store
        .write(move |tx| sessions::restarted(tx, session, remote))
        .await?;
    Ok((opened, session.etag()))
}

/// Ends a session.
pub async fn close(
    app: &App,
    session: SessionId,
    token: Option<TokenHash>,
) -> Result<(), ServiceError> {
    app.store
        .write(move |tx| {
            let caller: Caller = tokens::authenticate(tx, token)?;
            sessions::close(tx, &caller, session)
        })
        .await
}

struct NotOpened {
    error: ServiceError,
    operation: OperationId,
}

/// Writes an order in a transaction and waits for what the core makes of it.
async fn order(
    app: &App,
    verb: impl FnOnce(&mut crate::store::Tx<'_>, OperationId) -> Result<(), ServiceError>
    + Send
    + 'static,
) -> Result<SessionOpened, NotOpened> {
    let operation = random::operation_id();
    let failed = |error| NotOpened { error, operation };
    if !app.core.is_up() {
        return Err(failed(ServiceError::unavailable(
            "the media core is not running",
            RETRY_AFTER_DOWN,
        )));
    }
    let expected = app.core.expect(operation);
    if let Err(error) = app.store.write(move |tx| verb(tx, operation)).await {
        app.core.forget(operation);
        return Err(failed(error));
    }
    let outcome = app.core.answer(operation, expected).await;
    let why = match outcome {
        Ok(Outcome::SessionOpened(opened)) => return Ok(opened),
        Ok(Outcome::Refused(Refusal::Full { limit })) => {
            let why = format!("this server is full ({limit})");
            ServiceError::unavailable(why, RETRY_AFTER_FULL)
        }
        Ok(Outcome::Refused(Refusal::BadPlan { why })) => ServiceError::Invalid(why),
        Ok(Outcome::Refused(Refusal::NoSuchSession)) => ServiceError::NotFound("media session"),
        Ok(Outcome::Refused(_) | Outcome::Done) | Err(_) => {
            ServiceError::unavailable("the media core did not answer", RETRY_AFTER_DOWN)
        }
    };
    Err(failed(why))
}

/// The session did not come about: the store and, if it has heard of it, the core forget it.
async fn give_up(
    app: &App,
    session: SessionId,
    operation: OperationId,
) -> Result<(), ServiceError> {
    app.store
        .write(move |tx| sessions::abandon(tx, session, operation))
        .await
}
