//! The sidecar as a whole: store, node agent, housekeeping, HTTP; started and stopped together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::app::App;
use crate::clock::Clock;
use crate::descriptors;
use crate::events::CloseCode;
use crate::http::{router, server::Server};
use crate::node::agent;
use crate::service::{ServiceError, housekeeping, participants};

/// How often presence is looked at: a fifteenth of its grace.
const PRESENCE_INTERVAL: Duration = Duration::from_secs(1);
/// Participants who leave in one transaction, so that none takes long.
const EXPIRED_MAX: usize = 100;
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub struct Sidecar {
    pub app: Arc<App>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
}

impl Sidecar {
    pub async fn start(
        store: &Path,
        control_socket: PathBuf,
        listeners: Vec<(TcpListener, Option<TlsAcceptor>)>,
        clock: Clock,
    ) -> Result<Self, ServiceError> {
        let (app, direct) = App::open(store, clock).await?;
        let (stop, stopped) = watch::channel(false);
        let server = Server::new(router(Arc::clone(&app)), descriptors::connections_max());
        let server = tokio::spawn(server.serve(listeners, stopped));
        let background = vec![
            tokio::spawn(agent::run(Arc::clone(&app), control_socket, direct)),
            tokio::spawn(watch_presence(Arc::clone(&app))),
            tokio::spawn(keep_house(Arc::clone(&app))),
        ];
        Ok(Self {
            app,
            stop,
            server,
            background,
        })
    }

    /// Lets requests under way finish, tells the pages to come back, ends everything.
    pub async fn stop(self) {
        // Sockets first: nobody is connected to what is gone.
        self.app.hub.close_all(CloseCode::Restarting);
        self.stop.send_replace(true);
        // It ends by itself, within its own time limits.
        let _ = self.server.await;
        for task in &self.background {
            task.abort();
        }
        for task in self.background {
            // Cancelled, as it should be.
            let _ = task.await;
        }
        // Event sockets say goodbye in tasks of their own.
        let app = self.app;
        let alone = async {
            while Arc::strong_count(&app) > 1 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(GOODBYE_TIME_MAX, alone).await;
        if let Some(app) = Arc::into_inner(app) {
            app.store.close().await;
        }
    }
}

async fn watch_presence(app: Arc<App>) {
    let mut ticks = interval(PRESENCE_INTERVAL);
    loop {
        ticks.tick().await;
        for gone in app.presence.gone(&app).chunks(EXPIRED_MAX) {
            let (gone, known) = (gone.to_vec(), Arc::clone(&app));
            let expired = app.store.write(move |tx| {
                for (meeting, participant) in gone {
                    if known.presence.is_gone(&known, meeting, participant) {
                        participants::expire(tx, meeting, participant)?;
                    }
                }
                Ok::<_, ServiceError>(())
            });
            if let Err(error) = expired.await {
                tracing::warn!(%error, "participants who are gone stay listed");
            }
        }
    }
}

async fn keep_house(app: Arc<App>) {
    let mut ticks = interval(HOUSEKEEPING_INTERVAL);
    loop {
        ticks.tick().await;
        while app.store.write(housekeeping::forget).await.unwrap_or(false) {}
    }
}
