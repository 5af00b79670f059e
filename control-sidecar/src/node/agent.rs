//! The one task that talks to the core: keeps the link, makes both sides agree, then delivers the
//! outbox oldest first, at least once; the core answers repeated orders without doing them again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sfu_proto::control::{FromCore, Outcome, Refusal, Snapshot, ToCore, VERSION};
use sfu_proto::ids::OperationId;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::connection::{LinkError, Reader, Writer, connect};
use super::{Asked, Direct, reports};
use crate::app::App;
use crate::model::{CoreState, Event, random};
use crate::service::ServiceError;
use crate::service::reconcile::{self, Boot};
use crate::service::refusals::{self, Next};

/// Orders sent and not yet answered. The rest waits in the outbox.
const IN_FLIGHT_MAX: usize = 256;
/// A core that is full may have room after this.
const SAY_AGAIN_AFTER: Duration = Duration::from_millis(250);
const SET_UP_TIME_MAX: Duration = Duration::from_secs(5);
const PULSE_INTERVAL: Duration = Duration::from_secs(5);
const PULSE_TIME_MAX: Duration = Duration::from_secs(5);
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// Runs until it is dropped.
pub async fn run(app: Arc<App>, control_socket: PathBuf, mut direct: mpsc::Receiver<Direct>) {
    let mut retry = RETRY_FIRST;
    let mut told = String::new();
    loop {
        let error = match Link::set_up(&app, &control_socket).await {
            Ok(link) => {
                retry = RETRY_FIRST;
                told.clear();
                let error = link.serve(&mut direct).await;
                app.core.set_up(false);
                app.hub.announce_everywhere(&Event::Core {
                    state: CoreState::Down,
                });
                error
            }
            Err(error) => error,
        };
        // The same trouble is told once, not once a second.
        let trouble = error.to_string();
        if trouble != told {
            tracing::warn!(socket = %control_socket.display(), error = %trouble, "no link to the core; trying again");
            told = trouble;
        }
        sleep(with_jitter(retry)).await;
        retry = (retry * 2).min(RETRY_MAX);
    }
}

/// Between half and all of it, so that sidecars do not knock in step.
fn with_jitter(retry: Duration) -> Duration {
    let [random] = random::bytes::<1>();
    retry / 2 + retry * u32::from(random) / 512
}

struct Link<'app> {
    app: &'app Arc<App>,
    reader: Reader,
    writer: Writer,
    progress: Progress,
}

/// What listening and delivering share.
#[derive(Default)]
struct Progress {
    /// Outbox sequences of the orders that wait for their answer.
    in_flight: Mutex<HashMap<OperationId, u64>>,
    counters: Mutex<Vec<Asked>>,
}

impl<'app> Link<'app> {
    /// Hello, snapshot, reconciliation.
    async fn set_up(app: &'app Arc<App>, socket: &std::path::Path) -> Result<Self, LinkError> {
        let (reader, writer) = connect(socket).await?;
        let mut link = Self {
            app,
            reader,
            writer,
            progress: Progress::default(),
        };
        let (boot, snapshot) = timeout(SET_UP_TIME_MAX, link.introduce())
            .await
            .map_err(|_| LinkError::Silent)??;
        let known = snapshot.clone();
        let before = app
            .store
            .write(move |tx| reconcile::with_core(tx, boot, &known))
            .await?;
        for announcement in app.live.rebuild(&snapshot) {
            app.hub.announce(&announcement);
        }
        let state = if before == Boot::Restarted {
            app.core.nobody_answers();
            CoreState::Restarted
        } else {
            CoreState::Up
        };
        app.core.set_up(true);
        app.hub.announce_everywhere(&Event::Core { state });
        tracing::info!(
            ?before,
            meetings = snapshot.meetings.len(),
            "linked to the core"
        );
        Ok(link)
    }

    async fn introduce(&mut self) -> Result<(u128, Snapshot), LinkError> {
        self.writer
            .send(&ToCore::Hello { version: VERSION })
            .await?;
        let boot = match self.reader.next().await? {
            FromCore::Hello { version, boot } if version == VERSION => boot,
            FromCore::Hello { version, .. } => {
                return Err(LinkError::Version {
                    core: version,
                    ours: VERSION,
                });
            }
            _ => return Err(LinkError::OutOfTurn("something before Hello")),
        };
        self.writer.send(&ToCore::Snapshot).await?;
        loop {
            match self.reader.next().await? {
                FromCore::Snapshot(snapshot) => return Ok((boot, snapshot)),
                // The snapshot, made later, holds it.
                FromCore::Report(_) => {}
                _ => return Err(LinkError::OutOfTurn("something before its Snapshot")),
            }
        }
    }

    /// Listens and delivers at once, so that neither side's full socket stops the other; and asks
    /// now and then whether the core still turns, since a stopped process keeps its sockets open.
    async fn serve(self, direct: &mut mpsc::Receiver<Direct>) -> LinkError {
        let Self {
            app,
            mut reader,
            mut writer,
            progress,
        } = self;
        let listen = listen(app, &mut reader, &progress);
        let deliver = deliver(app, &mut writer, &progress, direct);
        let ended = tokio::select! {
            ended = listen => ended,
            ended = deliver => ended,
            ended = feel_pulse(app) => ended,
        };
        match ended {
            Err(error) => error,
            Ok(never) => match never {},
        }
    }
}

async fn feel_pulse(app: &App) -> Result<core::convert::Infallible, LinkError> {
    loop {
        sleep(PULSE_INTERVAL).await;
        timeout(PULSE_TIME_MAX, app.core.ask_counters())
            .await
            .map_err(|_| LinkError::Stopped)?;
    }
}

async fn listen(
    app: &Arc<App>,
    reader: &mut Reader,
    progress: &Progress,
) -> Result<core::convert::Infallible, LinkError> {
    loop {
        match reader.next().await? {
            FromCore::Answer { operation, outcome } => {
                answered(app, progress, operation, outcome);
            }
            FromCore::Report(report) => reports::take(app, &report),
            FromCore::Counters(counters) => {
                for asked in lock(&progress.counters).drain(..) {
                    // The scrape may have timed out.
                    let _ = asked.send(counters.clone());
                }
            }
            FromCore::Snapshot(snapshot) => {
                for announcement in app.live.rebuild(&snapshot) {
                    app.hub.announce(&announcement);
                }
            }
            FromCore::Hello { .. } => return Err(LinkError::OutOfTurn("a second Hello")),
        }
    }
}

fn answered(app: &Arc<App>, progress: &Progress, operation: OperationId, outcome: Outcome) {
    if let Outcome::Refused(refusal) = &outcome {
        match refusal {
            // Closing what has closed by itself.
            Refusal::NoSuchSession | Refusal::NoSuchMeeting => {
                tracing::debug!(%operation, %refusal, "an order came too late");
            }
            _ => tracing::warn!(%operation, %refusal, "the core refused an order"),
        }
    }
    let sequence = lock(&progress.in_flight).remove(&operation);
    let Some(sequence) = sequence else {
        app.core.answered(operation, outcome);
        return;
    };
    app.core.wake();
    let app = Arc::clone(app);
    // Not waited for: an order that stays in the outbox is only delivered once more.
    tokio::spawn(async move {
        let settled = match &outcome {
            Outcome::Refused(refusal) => {
                let settled = refused(&app, sequence, refusal.clone()).await;
                // Who waits may try again, which must find what follows from the refusal.
                app.core.answered(operation, outcome);
                settled
            }
            Outcome::Done | Outcome::SessionOpened(_) => {
                app.core.answered(operation, outcome);
                app.store
                    .write(move |tx| {
                        tx.delete_order(sequence);
                        Ok(())
                    })
                    .await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(sequence, %error, "an answered order stays in the outbox");
        }
    });
}

async fn refused(app: &Arc<App>, sequence: u64, refusal: Refusal) -> Result<(), ServiceError> {
    let next = app
        .store
        .write(move |tx| refusals::take(tx, sequence, &refusal))
        .await?;
    if next == Next::AgainLater {
        let app = Arc::clone(app);
        tokio::spawn(async move {
            sleep(SAY_AGAIN_AFTER).await;
            let said = app.store.write(move |tx| refusals::say_again(tx, sequence));
            if let Err(error) = said.await {
                tracing::warn!(sequence, %error, "a refused order waits for the next link");
            }
        });
    }
    Ok(())
}

async fn deliver(
    app: &Arc<App>,
    writer: &mut Writer,
    progress: &Progress,
    direct: &mut mpsc::Receiver<Direct>,
) -> Result<core::convert::Infallible, LinkError> {
    let mut next = 0;
    loop {
        let room = IN_FLIGHT_MAX.saturating_sub(lock(&progress.in_flight).len());
        let rows = app
            .store
            .orders_on_disk(next, room)
            .map_err(ServiceError::from)?;
        for row in rows {
            next = row.sequence + 1;
            lock(&progress.in_flight).insert(row.order.operation, row.sequence);
            writer.send(&ToCore::Order(row.order)).await?;
        }
        tokio::select! {
            () = app.core.outbox_grew.notified() => {}
            said = direct.recv() => match said {
                Some(Direct::Order(order)) => writer.send(&ToCore::Order(order)).await?,
                Some(Direct::Counters(asked)) => {
                    lock(&progress.counters).push(asked);
                    writer.send(&ToCore::Counters).await?;
                }
                None => core::future::pending().await,
            },
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
