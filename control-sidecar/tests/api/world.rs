//! A sidecar with its store, its clock and its core, all of which can be taken away.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use control_sidecar::app::App;
use control_sidecar::clock::Clock;
use control_sidecar::model::Timestamp;
use control_sidecar::sidecar::Sidecar;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::Client;
use crate::fake_core::FakeCore;

pub const CHROMIUM: &str = include_str!("../../src/sdp/fixtures/chromium_page.sdp");

pub struct World {
    pub client: Client,
    pub clock: Clock,
    sidecar: Option<Sidecar>,
    folder: TempDir,
}

impl World {
    pub async fn new() -> (Self, FakeCore) {
        let (world, socket) = Self::without_core().await;
        let core = FakeCore::start(socket, 1);
        world.core_is(true).await;
        (world, core)
    }

    pub async fn without_core() -> (Self, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp(1_800_000_000_000));
        let (sidecar, client) = start(&folder, &clock).await;
        let world = Self {
            client,
            clock,
            sidecar: Some(sidecar),
            folder,
        };
        let socket = world.socket();
        (world, socket)
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    pub fn app(&self) -> &Arc<App> {
        &self.sidecar.as_ref().unwrap().app
    }

    pub async fn core_is(&self, wanted: bool) {
        let mut up = self.app().core.watch_up();
        timeout(Duration::from_secs(10), up.wait_for(|up| *up == wanted))
            .await
            .unwrap()
            .unwrap();
    }

    /// Stops the sidecar and starts another on the same store.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    pub async fn start_again(&mut self) {
        let (sidecar, client) = start(&self.folder, &self.clock).await;
        self.sidecar = Some(sidecar);
        self.client = client;
    }

    pub async fn stop(&mut self) {
        self.sidecar.take().unwrap().stop().await;
    }

    /// A meeting's path.
    pub async fn meeting(&self) -> String {
        let reply = self
            .client
            .post("/api/v1/meetings", "", json!({"title": "Tea"}))
            .await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.header("location").to_owned()
    }

    pub async fn join(&self, meeting: &str, name: &str) -> Guest {
        self.join_as(meeting, json!({ "name": name })).await
    }

    pub async fn join_as(&self, meeting: &str, body: Value) -> Guest {
        let reply = self.client.post(&format!("{meeting}/join"), "", body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        let join = reply.json();
        Guest {
            id: join["participant"]["participant_id"].as_u64().unwrap(),
            token: join["token"].as_str().unwrap().to_owned(),
            join,
        }
    }

    pub async fn events(&self, meeting: &str, token: &str) -> Events {
        let mut request = format!("ws://{}{meeting}/events", self.client.address)
            .into_client_request()
            .unwrap();
        let offered = format!("millrace.events.v1, bearer.{token}");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", offered.parse().unwrap());
        let (socket, response) = connect_async(request).await.unwrap();
        assert_eq!(
            response.headers()["sec-websocket-protocol"],
            "millrace.events.v1"
        );
        Events { socket, seq: 0 }
    }
}

async fn start(folder: &TempDir, clock: &Clock) -> (Sidecar, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap());
    let store = folder.path().join("store");
    let socket = folder.path().join("control.sock");
    let sidecar = Sidecar::start(&store, socket, vec![(listener, None)], clock.clone());
    (sidecar.await.unwrap(), client)
}

pub struct Guest {
    pub id: u64,
    pub token: String,
    pub join: Value,
}

pub struct Events {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: u64,
}

impl Events {
    /// The next event, or the code with which the server closes.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let message = timeout(Duration::from_secs(10), self.socket.next())
                .await
                .expect("an event within ten seconds");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let event: Value = serde_json::from_str(&text).unwrap();
                    self.seq += 1;
                    assert_eq!(event["seq"], self.seq, "{event}");
                    return Ok(event);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(0, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// The next event of a type; those before it are passed over.
    pub async fn wait_for(&mut self, kind: &str) -> Value {
        loop {
            let event = self
                .next()
                .await
                .unwrap_or_else(|code| panic!("closed: {code}"));
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The code with which the server closes, whatever it says before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    pub async fn say(&mut self, said: Value) {
        self.socket
            .send(Message::text(said.to_string()))
            .await
            .unwrap();
    }
}
