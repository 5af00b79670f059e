//! One page's event socket, from welcome to close.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use sfu_proto::control::{Command, Order, Wanted};
use sfu_proto::ids::{MeetingId, ParticipantId};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::hub::text;
use super::request::Request;
use super::{CloseCode, Outgoing};
use crate::app::App;
use crate::model::{CoreState, Event, random};
use crate::node::Direct;
use crate::service::{ServiceError, views};

/// We ping this often; every page's browser answers by itself.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// A page that has been silent for three pings is not there any more.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Wishes to watch are passed on this often at most, the latest one each time: a page that is
/// scrolled or resized says many.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// Why the conversation ends.
enum End {
    /// We close.
    Close(CloseCode),
    /// The page has gone.
    Gone,
}

pub async fn serve(
    app: Arc<App>,
    meeting: MeetingId,
    participant: ParticipantId,
    socket: WebSocket,
) {
    // First the queue, then the state: what happens in between is told twice, never missed.
    let mut subscription = app.hub.subscribe(meeting, participant);
    let mut page = Page {
        app: &app,
        meeting,
        participant,
        socket,
        last_seq: 0,
        wish: None,
        // The first wish does not wait.
        passed_on: Instant::now() - WATCH_INTERVAL,
    };
    let end = tokio::select! {
        biased;
        code = &mut subscription.cut => End::Close(code.unwrap_or(CloseCode::TooSlow)),
        end = page.converse(&mut subscription.queue) => end,
    };
    drop(subscription);
    app.presence
        .socket_closed(meeting, participant, app.clock.uptime());
    if let End::Close(code) = end {
        close(page.socket, code).await;
    }
}

/// Says goodbye; waits only shortly, since the page may not be reading.
pub async fn close(mut socket: WebSocket, code: CloseCode) {
    let frame = CloseFrame {
        code: code.number(),
        reason: "".into(),
    };
    let goodbye = async {
        socket.send(Message::Close(Some(frame))).await?;
        while socket.recv().await.is_some_and(|message| message.is_ok()) {}
        Ok::<_, axum::Error>(())
    };
    // Whether it arrives or not, the socket is dropped next.
    let _ = timeout(CLOSE_TIME_MAX, goodbye).await;
}

struct Page<'app> {
    app: &'app Arc<App>,
    meeting: MeetingId,
    participant: ParticipantId,
    socket: WebSocket,
    last_seq: u64,
    /// What the page asked to watch last and the core does not know yet.
    wish: Option<Option<Vec<Wanted>>>,
    passed_on: Instant,
}

impl Page<'_> {
    async fn converse(&mut self, queue: &mut mpsc::Receiver<Outgoing>) -> End {
        if let Err(end) = self.welcome().await {
            return end;
        }
        let mut pings = interval(PING_INTERVAL);
        let mut heard = Instant::now();
        loop {
            let passes_on = self.passed_on + WATCH_INTERVAL;
            let step = tokio::select! {
                biased;
                () = sleep_until(passes_on), if self.wish.is_some() => {
                    self.pass_on();
                    Ok(())
                }
                outgoing = queue.recv() => match outgoing {
                    Some(Outgoing::Event(event)) => self.send(&event).await,
                    Some(Outgoing::Close(code)) => Err(End::Close(code)),
                    None => Err(End::Close(CloseCode::TooSlow)),
                },
                message = self.socket.recv() => {
                    heard = Instant::now();
                    self.hear(message).await
                }
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE_MAX {
                        Err(End::Gone)
                    } else {
                        self.send_message(Message::Ping(Vec::new().into())).await
                    }
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// The whole state, then what of it is only for this page.
    async fn welcome(&mut self) -> Result<(), End> {
        let view = self.app.store.read(|tx| {
            let meeting = tx.meeting(self.meeting)?;
            let present = tx
                .participant(self.meeting, self.participant)?
                .is_some_and(|participant| participant.is_present());
            match meeting {
                Some(meeting) if present => Ok(views::meeting(tx, &self.app.live, &meeting)?),
                _ => Err(ServiceError::Unauthorized),
            }
        });
        let meeting = view.map_err(|_| End::Close(CloseCode::BadToken))?;
        let core = if self.app.core.is_up() {
            CoreState::Up
        } else {
            CoreState::Down
        };
        let participant_id = self.participant;
        let welcome = Event::Welcome {
            participant_id,
            meeting,
            core,
        };
        self.send(&text(&welcome)).await?;
        for (session, live) in self.app.live.sessions_of(self.meeting, self.participant) {
            self.send(&text(&Event::media(session, live.phase))).await?;
            self.send(&text(&Event::slots(session, &live.slots)))
                .await?;
        }
        let participant_ids = self.app.live.speaking(self.meeting);
        if !participant_ids.is_empty() {
            self.send(&text(&Event::Speaking { participant_ids }))
                .await?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(said))) => match Request::parse(&said) {
                Some(Request::Ping) => self.send(&text(&Event::Pong {})).await,
                Some(Request::Watch { video }) => {
                    self.wish =
                        Some(video.map(|video| video.into_iter().map(Into::into).collect()));
                    Ok(())
                }
                // A newer page may say more than we know.
                None => Ok(()),
            },
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
            Some(Ok(_)) => Ok(()),
        }
    }

    /// Tells the core what the page watches, if that is news.
    fn pass_on(&mut self) {
        self.passed_on = Instant::now();
        let Some(wanted) = self.wish.take() else {
            return;
        };
        // One who has left by now must not be remembered.
        if self.app.presence.is_present(self.meeting, self.participant)
            && self.app.live.want(self.meeting, self.participant, wanted)
        {
            watch(self.app, self.meeting, self.participant);
        }
    }

    /// Sends an event, numbered. The number goes first in the object.
    async fn send(&mut self, event: &str) -> Result<(), End> {
        self.last_seq += 1;
        let fields = event.strip_prefix('{').unwrap_or(event);
        let numbered = format!("{{\"seq\":{},{fields}", self.last_seq);
        self.send_message(Message::Text(numbered.into())).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_TIME_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(CloseCode::TooSlow)),
        }
    }
}

/// Tells the core what the participant's page watches, on each of their sessions.
pub fn watch(app: &App, meeting: MeetingId, participant: ParticipantId) {
    let Some(wanted) = app.live.wanted(meeting, participant) else {
        return;
    };
    let Ok(Some(record)) = app.store.read(|tx| tx.meeting(meeting)) else {
        return;
    };
    for (session, _) in app.live.sessions_of(meeting, participant) {
        app.core.send(Direct::Order(Order {
            operation: random::operation_id(),
            meeting,
            epoch: record.epoch,
            command: Command::Watch {
                session,
                wanted: wanted.clone(),
            },
        }));
    }
}
