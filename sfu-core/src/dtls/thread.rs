//! The handshake thread: one for the process, a task for each session. A session that fails or
//! panics ends alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use sfu_proto::control::Fingerprint;
use sfu_proto::ids::SessionId;
use sfu_proto::limits::{HANDSHAKE_TIME_MAX, HANDSHAKES_MAX};
use sfu_proto::srtp::Profile;
use tokio::runtime;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};

use super::certificate::Certificate;
use super::failure::DtlsFailure;
use super::outbound::Outbound;
use super::session::{Ended, Session};

/// Inputs waiting for the thread: a flight of every handshake that may be in flight, and as much
/// again. Full means: the worker drops and counts.
const INPUTS_MAX: usize = 4 * HANDSHAKES_MAX;

/// Datagrams waiting for one session. A client's flight has three at most.
const DATAGRAMS_PER_SESSION_MAX: usize = 16;

/// Worker to thread.
#[derive(Debug)]
pub enum DtlsInput {
    /// A session whose client has passed an ICE check. The handshake's time runs from here.
    Open {
        session: SessionId,
        worker: usize,
        /// What the client's certificate must hash to.
        remote: Fingerprint,
    },
    /// A datagram of DTLS records, from an address that has passed an ICE check.
    Records { session: SessionId, bytes: Vec<u8> },
    /// Ends the session; the client is told by a close_notify.
    Close { session: SessionId },
    /// Ends all sessions of a worker: it has failed and knows none of them any more.
    CloseAll { worker: usize },
}

/// Thread to worker.
#[derive(PartialEq, Eq)]
pub enum DtlsOutput {
    /// One datagram to the client. Several come in the order in which they leave.
    Records { session: SessionId, bytes: Vec<u8> },
    /// The handshake is complete and the client is who its offer says.
    Keys {
        session: SessionId,
        /// The SRTP protection profile (RFC 5764 §4.1.2).
        profile: Profile,
        /// Client key, server key, client salt, server salt (RFC 5764 §4.2).
        keying: Vec<u8>,
    },
    Failed {
        session: SessionId,
        why: DtlsFailure,
    },
    /// The client has closed.
    Closed { session: SessionId },
}

/// Without the keys: what is printed ends in logs.
impl fmt::Debug for DtlsOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records { session, bytes } => {
                write!(f, "Records({session}, {} bytes)", bytes.len())
            }
            Self::Keys {
                session, profile, ..
            } => write!(f, "Keys({session}, {profile:?})"),
            Self::Failed { session, why } => write!(f, "Failed({session}, {why:?})"),
            Self::Closed { session } => write!(f, "Closed({session})"),
        }
    }
}

/// The thread takes no more now: drop records and count them, keep the rest for later.
#[derive(Debug, thiserror::Error)]
#[error("the handshake thread has as much to do as it takes")]
pub struct Full(pub DtlsInput);

/// Hands inputs to the thread; one for each worker. The thread ends with the last of them.
#[derive(Clone, Debug)]
pub struct DtlsSender {
    inputs: mpsc::Sender<DtlsInput>,
    dropped: Arc<AtomicU64>,
}

impl DtlsSender {
    /// Never blocks.
    pub fn try_send(&self, input: DtlsInput) -> Result<(), Full> {
        self.inputs
            .try_send(input)
            .map_err(|error| Full(error.into_inner()))
    }

    /// A sender whose inputs the test reads.
    #[cfg(test)]
    pub(crate) fn to_nobody(inputs_max: usize) -> (Self, mpsc::Receiver<DtlsInput>) {
        let (inputs, receiver) = mpsc::channel(inputs_max);
        let dropped = Arc::default();
        (Self { inputs, dropped }, receiver)
    }

    /// Datagrams that the thread took and then dropped, since their session had enough waiting.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

/// The running thread.
#[derive(Debug)]
pub struct DtlsThread {
    handle: JoinHandle<()>,
    #[cfg(test)]
    pub(super) runtime: runtime::Handle,
}

/// What a test may want otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) time_max: Duration,
    pub(super) handshakes_max: usize,
}

type Deliver = Arc<dyn Fn(usize, DtlsOutput) + Send + Sync>;

impl DtlsThread {
    /// `deliver` gets a worker's index and what is for that worker; it is called on the handshake
    /// thread and must not block. An error is the operating system's: it gave no thread.
    pub fn start(
        certificate: Certificate,
        deliver: impl Fn(usize, DtlsOutput) + Send + Sync + 'static,
    ) -> std::io::Result<(Self, DtlsSender)> {
        let settings = Settings {
            time_max: HANDSHAKE_TIME_MAX,
            handshakes_max: HANDSHAKES_MAX,
        };
        Self::start_with(settings, certificate, Arc::new(deliver))
    }

    pub(super) fn start_with(
        settings: Settings,
        certificate: Certificate,
        deliver: Deliver,
    ) -> std::io::Result<(Self, DtlsSender)> {
        // The engine builds a TLS verifier that it never asks, and that panics if the process links
        // two crypto providers and has chosen none. Whoever has chosen already has chosen well.
        let _chosen_already = rustls::crypto::ring::default_provider().install_default();
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let (sender, inputs) = mpsc::channel(INPUTS_MAX);
        #[cfg(test)]
        let tasks = runtime.handle().clone();
        let dropped = Arc::new(AtomicU64::new(0));
        let sessions = Sessions {
            certificate: Arc::new(certificate.inner),
            settings,
            handshakes: Arc::new(Semaphore::new(settings.handshakes_max)),
            deliver,
            open: HashMap::new(),
            names: HashMap::new(),
            tasks: JoinSet::new(),
            dropped: Arc::clone(&dropped),
        };
        let handle = std::thread::Builder::new()
            .name("dtls".to_owned())
            .spawn(move || runtime.block_on(sessions.serve(inputs)))?;
        let thread = Self {
            handle,
            #[cfg(test)]
            runtime: tasks,
        };
        Ok((
            thread,
            DtlsSender {
                inputs: sender,
                dropped,
            },
        ))
    }

    /// Waits for the end, which comes once every `DtlsSender` is dropped.
    pub fn join(self) -> std::thread::Result<()> {
        self.handle.join()
    }
}

/// A session as the thread knows it: where its datagrams go and whose it is.
struct Open {
    datagrams: mpsc::Sender<Vec<u8>>,
    worker: usize,
    task: Id,
}

struct Sessions {
    certificate: Arc<dtls::crypto::Certificate>,
    settings: Settings,
    handshakes: Arc<Semaphore>,
    deliver: Deliver,
    open: HashMap<SessionId, Open>,
    /// Whose task it is, for those that have not ended; a closed session's may live a little on.
    names: HashMap<Id, (SessionId, usize)>,
    tasks: JoinSet<Ended>,
    dropped: Arc<AtomicU64>,
}

impl Sessions {
    async fn serve(mut self, mut inputs: mpsc::Receiver<DtlsInput>) {
        loop {
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.handle(input),
                    None => return,
                },
                Some(ended) = self.tasks.join_next_with_id() => self.end(ended),
            }
        }
    }

    fn handle(&mut self, input: DtlsInput) {
        match input {
            DtlsInput::Open {
                session,
                worker,
                remote,
            } => self.open(session, worker, remote),
            DtlsInput::Records { session, bytes } => {
                let open = self.open.get(&session);
                if open.is_some_and(|open| open.datagrams.try_send(bytes).is_err()) {
                    self.dropped.fetch_add(1, Relaxed);
                }
            }
            // The task sees the end of its datagrams.
            DtlsInput::Close { session } => drop(self.open.remove(&session)),
            DtlsInput::CloseAll { worker } => self.open.retain(|_, open| open.worker != worker),
        }
    }

    /// Opening an open session changes nothing.
    fn open(&mut self, session: SessionId, worker: usize, remote: Fingerprint) {
        if self.open.contains_key(&session) {
            return;
        }
        let (sender, datagrams) = mpsc::channel(DATAGRAMS_PER_SESSION_MAX);
        let deliver = Arc::clone(&self.deliver);
        let outbound = Outbound::new(move |bytes| {
            deliver(worker, DtlsOutput::Records { session, bytes });
        });
        let life = Session {
            certificate: Arc::clone(&self.certificate),
            remote,
            time_max: self.settings.time_max,
            handshakes: Arc::clone(&self.handshakes),
            datagrams,
            outbound: Arc::new(outbound),
        };
        let deliver = Arc::clone(&self.deliver);
        let keys = move |profile, keying| {
            deliver(
                worker,
                DtlsOutput::Keys {
                    session,
                    profile,
                    keying,
                },
            );
        };
        let task = self.tasks.spawn(life.run(keys)).id();
        self.names.insert(task, (session, worker));
        self.open.insert(
            session,
            Open {
                datagrams: sender,
                worker,
                task,
            },
        );
    }

    fn end(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (task, ended) = match ended {
            Ok((task, ended)) => (task, ended),
            // Nothing cancels a task, so this is a panic.
            Err(error) => (error.id(), Ended::Failed(DtlsFailure::Panicked)),
        };
        let Some((session, worker)) = self.names.remove(&task) else {
            return;
        };
        // The same session may have been closed and opened again meanwhile.
        if self
            .open
            .get(&session)
            .is_some_and(|open| open.task == task)
        {
            self.open.remove(&session);
        }
        match ended {
            Ended::ByUs => {}
            Ended::ByClient => (self.deliver)(worker, DtlsOutput::Closed { session }),
            Ended::Failed(why) => (self.deliver)(worker, DtlsOutput::Failed { session, why }),
        }
    }
}
