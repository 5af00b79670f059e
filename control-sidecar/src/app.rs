//! Everything that a request or an event needs, put together once at the start.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::events::{Hub, Presence, after_commit};
use crate::node::{CoreLink, Direct, Live};
use crate::service::turns::Turns;
use crate::service::{ServiceError, reconcile};
use crate::store::Store;

#[derive(Debug)]
pub struct App {
    pub store: Store,
    pub hub: Arc<Hub>,
    pub live: Arc<Live>,
    pub presence: Arc<Presence>,
    pub core: Arc<CoreLink>,
    /// Of offers with an `Idempotency-Key`.
    pub turns: Turns,
    pub clock: Clock,
}

impl App {
    /// Opens the store and takes up what it knows. The receiver is for the node agent.
    pub async fn open(
        store: &Path,
        clock: Clock,
    ) -> Result<(Arc<Self>, mpsc::Receiver<Direct>), ServiceError> {
        let hub = Arc::new(Hub::default());
        let live = Arc::new(Live::default());
        let presence = Arc::new(Presence::default());
        let (core, direct) = CoreLink::new();
        let core = Arc::new(core);
        let tell = after_commit::tell(&hub, &live, &presence, &core, &clock);
        let store = Store::open(store, clock.clone(), tell)?;
        store.write(reconcile::on_start).await?;
        let app = Self {
            store,
            hub,
            live,
            presence,
            core,
            turns: Turns::default(),
            clock,
        };
        app.presence.expect_back(&app)?;
        Ok((Arc::new(app), direct))
    }
}
