//! Media signalling: an offer in, an answer out, with the core's reply in between.
//!
//! ```text
//! offer ─► sdp::plan ─► one transaction: media_session ⊕ order ─► node agent ─► core
//! answer ◄─ sdp::answer ◄─ one transaction: open ⊕ stored answer ◄───────────── outcome
//! ```

use std::sync::Arc;

use sfu_proto::control::{Codec, IceCredentials, Outcome, Refusal, SessionOpened, SessionPlan};
use sfu_proto::ids::{OperationId, SessionId};
use tokio::sync::oneshot;

use super::idempotency::Request;
use super::{Caller, Lacking, ServiceError, sessions, tokens};
use crate::app::App;
use crate::model::{Answer, MeetingCode, Role, TokenHash, random};
use crate::sdp::{self, SdpError};

/// Video codecs of every meeting, the preferred one first (DESIGN D1).
const VIDEO_CODECS: [Codec; 2] = [Codec::Vp8, Codec::H264];

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
    // The same request waits until its first is answered, and is then answered the same.
    let _turn = match &request {
        Some(request) => Some(app.turns.take(request).await),
        None => None,
    };
    if let Some(request) = request.clone() {
        // A write, though it changes nothing: what it finds is on the disk when it returns.
        let known = app.store.write(move |tx| request.replay(tx)).await?;
        if let Some(answer) = known {
            return Ok(answer);
        }
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
    let opened = order_session(&app, &code, token, session, &plan).await?;
    let body = sdp::answer(&offer, &negotiated, &opened, session)?;
    let answer = app.store.write(move |tx| {
        let session = sessions::opened(tx, session)?.ok_or_else(|| {
            ServiceError::unavailable(Lacking::Time, "the session was closed meanwhile")
        })?;
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

/// Has the core open the session. If it turns out not to have the meeting (a worker has failed),
/// the meeting is no longer placed by then, and the second try places it anew.
async fn order_session(
    app: &App,
    code: &MeetingCode,
    token: Option<TokenHash>,
    session: SessionId,
    plan: &SessionPlan,
) -> Result<SessionOpened, ServiceError> {
    let first = random::operation_id();
    let (operation, tried) = match try_session(app, code, token, session, plan, first).await {
        Err(NotDone::Misplaced) => {
            let second = random::operation_id();
            let tried = try_session(app, code, token, session, plan, second).await;
            (second, tried)
        }
        tried => (first, tried),
    };
    match tried {
        Ok(opened) => Ok(opened),
        Err(error) => {
            // Store and core forget it, if they have heard of it.
            app.store
                .write(move |tx| sessions::abandon(tx, session, operation))
                .await?;
            Err(error.into())
        }
    }
}

async fn try_session(
    app: &App,
    code: &MeetingCode,
    token: Option<TokenHash>,
    session: SessionId,
    plan: &SessionPlan,
    operation: OperationId,
) -> Result<SessionOpened, NotDone> {
    let question = Question::ask(app, operation).map_err(NotDone::NotOrdered)?;
    let (code, plan) = (code.clone(), plan.clone());
    app.store
        .write(move |tx| {
            let caller = tokens::authenticate_in(tx, &code, token)?;
            sessions::open(tx, &caller, session, operation, plan)
        })
        .await
        .map_err(NotDone::NotOrdered)?;
    question.answer().await
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
    let operation = random::operation_id();
    let question = Question::ask(app, operation)?;
    let new = remote.clone();
    let claimed = app.store.write(move |tx| {
        let caller = tokens::authenticate(tx, token)?;
        let if_match = if_match.as_deref();
        sessions::restart_ice(tx, &caller, session, if_match, operation, new)
    });
    let claimed = claimed.await?;
    match question.answer().await {
        Ok(opened) => {
            let session = app
                .store
                .write(move |tx| sessions::restarted(tx, session, claimed, remote))
                .await?;
            Ok((opened, session.etag()))
        }
        Err(error) => {
            // It must not happen later: the client goes on with the credentials it has.
            app.store
                .write(move |tx| sessions::withdraw_restart(tx, session, claimed, operation))
                .await?;
            Err(error.into())
        }
    }
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

/// An order whose answer somebody waits for.
struct Question<'app> {
    app: &'app App,
    operation: OperationId,
    answer: oneshot::Receiver<Outcome>,
}

impl<'app> Question<'app> {
    /// Asked before the order is written, so that no answer is missed.
    fn ask(app: &'app App, operation: OperationId) -> Result<Self, ServiceError> {
        if !app.core.is_up() {
            let why = "the media core is not running";
            return Err(ServiceError::unavailable(Lacking::Core, why));
        }
        Ok(Self {
            app,
            operation,
            answer: app.core.expect(operation),
        })
    }

    async fn answer(mut self) -> Result<SessionOpened, NotDone> {
        match self.app.core.answer(&mut self.answer).await {
            Ok(Outcome::SessionOpened(opened)) => Ok(opened),
            Ok(Outcome::Refused(Refusal::NoSuchMeeting | Refusal::OldEpoch { .. })) => {
                Err(NotDone::Misplaced)
            }
            Ok(Outcome::Refused(refusal)) => Err(NotDone::Refused(refusal)),
            Ok(Outcome::Done) | Err(_) => Err(NotDone::Unanswered),
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.app.core.forget(self.operation);
    }
}

enum NotDone {
    NotOrdered(ServiceError),
    /// The core does not have the meeting, or under another epoch.
    Misplaced,
    Refused(Refusal),
    Unanswered,
}

impl From<NotDone> for ServiceError {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::NotOrdered(error) => error,
            NotDone::Refused(Refusal::Full { limit }) => {
                Self::unavailable(Lacking::Room, format!("this server is full ({limit})"))
            }
            NotDone::Refused(Refusal::BadPlan { why }) => Self::Invalid(why),
            NotDone::Refused(Refusal::NoSuchSession) => Self::NotFound("media session"),
            NotDone::Misplaced => {
                Self::unavailable(Lacking::Core, "the media core did not take the meeting")
            }
            NotDone::Refused(_) | NotDone::Unanswered => {
                Self::unavailable(Lacking::Core, "the media core did not answer")
            }
        }
    }
}
