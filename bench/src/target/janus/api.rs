//! Janus's JSON API over its Unix socket: a request has a transaction id, and its answers carry it.
//!
//! ```text
//!  request   {"janus": "message", "transaction": "7", "session_id": …, "handle_id": …, "body": {…}}
//!  at once   {"janus": "ack", "transaction": "7"}                   for what takes time
//!  answer    {"janus": "event" or "success" or "error", "transaction": "7", …}
//!  unasked   {"janus": "webrtcup", "sender": handle}                DTLS is done, media may flow
//! ```
//!
//! The socket stays open as long as the calls shall live: Janus ends a session with its transport.
//! A thread reads it all the time, for what nobody takes would pile up inside Janus.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use serde_json::{Map, Value, json};
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use tokio::sync::oneshot;
use tokio::time::timeout;

const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// Janus reads a request into a buffer of this size, and drops a longer one without an answer.
const REQUEST_BYTES_MAX: usize = 8_191;
/// A kernel lets no message of a Unix socket be longer than its send buffer, about 208 KiB.
const ANSWER_BYTES_MAX: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Api {
    socket: Arc<Socket>,
    waiting: Arc<Mutex<Waiting>>,
    transactions: AtomicU64,
    session: OnceLock<u64>,
}

/// Who waits for what. Nothing is added once Janus has gone.
#[derive(Debug, Default)]
struct Waiting {
    answers: HashMap<String, oneshot::Sender<Value>>,
    /// By handle.
    ups: HashMap<u64, oneshot::Sender<()>>,
    has_gone: bool,
}

/// A plugin's side of one transport.
#[derive(Debug)]
pub(super) struct Handle {
    id: u64,
    up: oneshot::Receiver<()>,
}

impl Api {
    pub(super) fn connect(path: &Path) -> io::Result<Self> {
        let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None)?;
        socket.connect(&SockAddr::unix(path)?)?;
        let socket = Arc::new(socket);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (reading, told) = (Arc::clone(&socket), Arc::clone(&waiting));
        std::thread::Builder::new()
            .name("janus".into())
            .spawn(move || read(&reading, &told))?;
        Ok(Self {
            socket,
            waiting,
            transactions: AtomicU64::new(1),
            session: OnceLock::new(),
        })
    }

    /// Begins the session that all handles belong to; gives Janus's version.
    pub(super) async fn open(&self) -> anyhow::Result<String> {
        let info = self.ask(json!({"janus": "info"})).await?;
        let created = self.ask(json!({"janus": "create"})).await?;
        let session = created["data"]["id"].as_u64();
        let session = session.ok_or_else(|| anyhow!("Janus gives no session: {created}"))?;
        // Asked twice, the first stays: both are good.
        let _ = self.session.set(session);
        Ok(info["version_string"]
            .as_str()
            .unwrap_or("of unknown version")
            .to_owned())
    }

    /// A handle of the VideoRoom.
    pub(super) async fn attach(&self) -> anyhow::Result<Handle> {
        let mut request = json!({"janus": "attach", "plugin": "janus.plugin.videoroom"});
        request["session_id"] = json!(self.session.get());
        let attached = self.ask(request).await?;
        let id = attached["data"]["id"].as_u64();
        let id = id.ok_or_else(|| anyhow!("Janus gives no handle: {attached}"))?;
        let (told, up) = oneshot::channel();
        self.waiting().ups.insert(id, told);
        Ok(Handle { id, up })
    }

    /// A request to the plugin; gives what the plugin says, and the SDP that may come with it.
    pub(super) async fn message(
        &self,
        handle: &Handle,
        body: Value,
        jsep: Option<(&str, &str)>,
    ) -> anyhow::Result<(Value, Option<String>)> {
        let what = body["request"].clone();
        let mut request = json!({"janus": "message", "body": body});
        request["session_id"] = json!(self.session.get());
        request["handle_id"] = json!(handle.id);
        if let Some((kind, sdp)) = jsep {
            request["jsep"] = json!({"type": kind, "sdp": sdp});
        }
        let mut answer = self
            .ask(request)
            .await
            .with_context(|| format!("the request {what}"))?;
        let data = answer["plugindata"]["data"].take();
        if let Some(error) = data["error"].as_str() {
            bail!("the VideoRoom refuses {what}: {error}");
        }
        let sdp = answer["jsep"]["sdp"].as_str().map(str::to_owned);
        Ok((data, sdp))
    }

    /// Waits until Janus has seen the end of the handle's DTLS: before, its streams do not exist.
    pub(super) async fn is_up(&self, handle: Handle) -> anyhow::Result<()> {
        match timeout(ANSWER_TIME_MAX, handle.up).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => bail!("Janus has hung up"),
            Err(_) => bail!("Janus did not see the end of DTLS within {ANSWER_TIME_MAX:?}"),
        }
    }

    async fn ask(&self, mut request: Value) -> anyhow::Result<Value> {
        let transaction = self.transactions.fetch_add(1, Relaxed).to_string();
        request["transaction"] = json!(transaction);
        let text = request.to_string();
        if text.len() > REQUEST_BYTES_MAX {
            bail!(
                "Janus takes requests of up to {REQUEST_BYTES_MAX} bytes and this one has {}: ask for fewer slots",
                text.len()
            );
        }
        let (told, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            if waiting.has_gone {
                bail!("Janus has closed its API");
            }
            waiting.answers.insert(transaction, told);
        }
        // It blocks only while Janus has a socket's buffer of requests to read.
        self.socket.send(text.as_bytes()).context("asking Janus")?;
        let answer = timeout(ANSWER_TIME_MAX, answer)
            .await
            .map_err(|_| anyhow!("Janus did not answer within {ANSWER_TIME_MAX:?}"))?
            .context("Janus has closed its API")?;
        match answer["error"]["reason"].as_str() {
            Some(reason) => bail!("Janus refuses: {reason}"),
            None => Ok(answer),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // Ends the reading thread. It may have ended with Janus.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// Until the socket is closed on either side.
fn read(socket: &Socket, waiting: &Mutex<Waiting>) {
    let mut buffer = vec![0; ANSWER_BYTES_MAX];
    loop {
        let len = match recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Err(Errno::EINTR) => continue,
            Ok(0) | Err(_) => break,
            Ok(len) => len,
        };
        let message = buffer.get(..len).unwrap_or_default();
        if let Ok(message) = serde_json::from_slice::<Map<String, Value>>(message) {
            lock(waiting).tell(message);
        }
    }
    // Dropping the senders tells all who wait.
    *lock(waiting) = Waiting {
        has_gone: true,
        ..Waiting::default()
    };
}

impl Waiting {
    fn tell(&mut self, message: Map<String, Value>) {
        let text = |name: &str| {
            message
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let sender = message
            .get("sender")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        match text("janus") {
            // The answer proper is still to come.
            "ack" => {}
            "webrtcup" => {
                if let Some(told) = self.ups.remove(&sender) {
                    // Nobody may be interested in it.
                    let _ = told.send(());
                }
            }
            // Who waits for this handle hears it by the sender's end.
            "hangup" => _ = self.ups.remove(&sender),
            _ => {
                if let Some(told) = self.answers.remove(text("transaction")) {
                    let _ = told.send(Value::Object(message));
                }
            }
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
