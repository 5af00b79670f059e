//! A core that does what it is told and remembers it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sfu_proto::control::{
    Command, Fingerprint, FromCore, IceCredentials, MeetingState, Order, Outcome, Refusal, Report,
    SessionEnd, SessionOpened, SessionPhase, SessionPlan, SessionState, SlotSource, SlotState,
    Snapshot, ToCore, VERSION, codec,
};
use sfu_proto::ids::{MeetingId, OperationId, SessionId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub struct FakeCore {
    pub state: Arc<Mutex<State>>,
    reports: broadcast::Sender<Report>,
    orders: watch::Sender<usize>,
    task: JoinHandle<()>,
}

#[derive(Default)]
pub struct State {
    boot: u128,
    pub meetings: Vec<MeetingState>,
    /// Every order that was carried out, in its order.
    pub orders: Vec<Order>,
    answers: HashMap<OperationId, Outcome>,
    /// What the next session is refused with.
    pub refuse: Option<Refusal>,
    /// What the next meetings are refused with, the last one first.
    pub refuse_meetings: Vec<Refusal>,
    /// What the next mutes are refused with, the last one first.
    pub refuse_mutes: Vec<Refusal>,
    /// Takes orders but says nothing.
    pub silent: bool,
    /// As a stopped process: does nothing and keeps its sockets open.
    pub stopped: bool,
}

impl FakeCore {
    pub fn start(socket: PathBuf, boot: u128) -> Self {
        let state = Arc::new(Mutex::new(State {
            boot,
            ..State::default()
        }));
        Self::start_with(socket, state)
    }

    pub fn start_with(socket: PathBuf, state: Arc<Mutex<State>>) -> Self {
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let reports = broadcast::Sender::new(64);
        let orders = watch::Sender::new(0);
        let core = (Arc::clone(&state), reports.clone(), orders.clone());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (state, reports, orders) = core.clone();
                // One sidecar at a time: the link ends when this task does.
                let _ = converse(stream, &state, &reports, &orders).await;
            }
        });
        Self {
            state,
            reports,
            orders,
            task,
        }
    }

    /// Dies; what it knew dies with it, unless somebody holds `state`.
    pub async fn kill(self, socket: &Path) {
        self.task.abort();
        let _ = self.task.await;
        let _ = std::fs::remove_file(socket);
    }

    pub fn report(&self, report: Report) {
        self.reports.send(report).unwrap();
    }

    pub fn commands(&self) -> Vec<Command> {
        let state = self.state.lock().unwrap();
        state
            .orders
            .iter()
            .map(|order| order.command.clone())
            .collect()
    }

    /// Waits until an order satisfies `wanted`.
    pub async fn ordered(&self, wanted: impl Fn(&Command) -> bool) -> Order {
        let mut orders = self.orders.subscribe();
        let found = async {
            loop {
                let found = {
                    let state = self.state.lock().unwrap();
                    state
                        .orders
                        .iter()
                        .rfind(|order| wanted(&order.command))
                        .cloned()
                };
                match found {
                    Some(order) => return order,
                    None => orders.changed().await.unwrap(),
                }
            }
        };
        timeout(Duration::from_secs(10), found)
            .await
            .unwrap_or_else(|_| panic!("no such order among {:?}", self.commands()))
    }
}

async fn converse(
    mut stream: UnixStream,
    state: &Mutex<State>,
    reports: &broadcast::Sender<Report>,
    orders: &watch::Sender<usize>,
) -> std::io::Result<()> {
    let mut listening = reports.subscribe();
    let boot = state.lock().unwrap().boot;
    send(
        &mut stream,
        &FromCore::Hello {
            version: VERSION,
            boot,
        },
    )
    .await?;
    let mut buffer = Vec::new();
    loop {
        while let Some(message) = codec::decode(&mut buffer).unwrap() {
            let replies = state.lock().unwrap().take(message);
            for reply in replies {
                send(&mut stream, &reply).await?;
            }
            orders.send_modify(|count| *count += 1);
        }
        tokio::select! {
            read = stream.read_buf(&mut buffer) => if read? == 0 { return Ok(()) },
            report = listening.recv() => {
                if let Ok(report) = report {
                    send(&mut stream, &FromCore::Report(report)).await?;
                }
            }
        }
    }
}

async fn send(stream: &mut UnixStream, message: &FromCore) -> std::io::Result<()> {
    let mut frame = Vec::new();
    codec::encode(message, &mut frame).unwrap();
    stream.write_all(&frame).await
}

impl State {
    fn take(&mut self, message: ToCore) -> Vec<FromCore> {
        if self.stopped {
            return Vec::new();
        }
        match message {
            ToCore::Hello { version } => {
                assert_eq!(version, VERSION);
                Vec::new()
            }
            ToCore::Snapshot => vec![FromCore::Snapshot(Snapshot {
                meetings: self.meetings.clone(),
            })],
            ToCore::Counters => vec![FromCore::Counters(vec![("sfu_packets_total".into(), 7)])],
            ToCore::Order(order) => {
                let operation = order.operation;
                if let Some(outcome) = self.answers.get(&operation).cloned() {
                    return vec![FromCore::Answer { operation, outcome }];
                }
                let (outcome, report) = self.carry_out(&order);
                self.orders.push(order);
                // As the real one: the reason of a refusal may pass.
                if !matches!(outcome, Outcome::Refused(_)) {
                    self.answers.insert(operation, outcome.clone());
                }
                if self.silent {
                    return Vec::new();
                }
                let answer = FromCore::Answer { operation, outcome };
                report
                    .map(FromCore::Report)
                    .into_iter()
                    .chain([answer])
                    .collect()
            }
        }
    }

    fn meeting(&mut self, meeting: MeetingId) -> Option<&mut MeetingState> {
        self.meetings
            .iter_mut()
            .find(|state| state.meeting == meeting)
    }

    fn carry_out(&mut self, order: &Order) -> (Outcome, Option<Report>) {
        let meeting = order.meeting;
        if order.command == Command::OpenMeeting {
            if let Some(refusal) = self.refuse_meetings.pop() {
                return (Outcome::Refused(refusal), None);
            }
            if self.meeting(meeting).is_none() {
                self.meetings.push(MeetingState {
                    meeting,
                    epoch: order.epoch,
                    sessions: Vec::new(),
                    muted: Vec::new(),
                    live: Vec::new(),
                    speaking: Vec::new(),
                });
            }
            return (Outcome::Done, None);
        }
        let refusal = match &order.command {
            Command::OpenSession { .. } => self.refuse.clone(),
            Command::Mute { .. } => self.refuse_mutes.pop(),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return (Outcome::Refused(refusal), None);
        }
        let Some(state) = self.meeting(meeting) else {
            return (Outcome::Refused(Refusal::NoSuchMeeting), None);
        };
        if order.epoch < state.epoch {
            let (got, current) = (order.epoch, state.epoch);
            return (Outcome::Refused(Refusal::OldEpoch { got, current }), None);
        }
        state.epoch = order.epoch;
        match &order.command {
            Command::OpenSession { session, plan } => open_session(state, *session, plan),
            Command::RestartIce { .. } => (Outcome::SessionOpened(opened(0, 2)), None),
            Command::CloseSession { session } => close_session(state, *session),
            Command::CloseMeeting => {
                self.meetings.retain(|state| state.meeting != meeting);
                (Outcome::Done, None)
            }
            Command::Mute {
                participant,
                source,
                muted,
            } => {
                state
                    .muted
                    .retain(|known| known != &(*participant, *source));
                if *muted {
                    state.muted.push((*participant, *source));
                }
                (Outcome::Done, None)
            }
            Command::OpenMeeting | Command::Watch { .. } => (Outcome::Done, None),
        }
    }
}

fn open_session(
    state: &mut MeetingState,
    session: SessionId,
    plan: &SessionPlan,
) -> (Outcome, Option<Report>) {
    let slots = plan.slots.iter().map(|slot| SlotState {
        mid: slot.mid,
        kind: slot.kind,
        showing: None,
    });
    state.sessions.push(SessionState {
        session,
        participant: plan.participant,
        phase: SessionPhase::Open,
        slots: slots.collect(),
        sources: Vec::new(),
    });
    let report = Report::Session {
        meeting: state.meeting,
        session,
        participant: plan.participant,
        phase: SessionPhase::Open,
    };
    let opened = opened(plan.slots.len(), 1);
    (Outcome::SessionOpened(opened), Some(report))
}

fn close_session(state: &mut MeetingState, session: SessionId) -> (Outcome, Option<Report>) {
    let Some(at) = state
        .sessions
        .iter()
        .position(|known| known.session == session)
    else {
        return (Outcome::Refused(Refusal::NoSuchSession), None);
    };
    let closed = state.sessions.remove(at);
    let report = Report::Session {
        meeting: state.meeting,
        session,
        participant: closed.participant,
        phase: SessionPhase::Closed(SessionEnd::Ordered),
    };
    (Outcome::Done, Some(report))
}

fn opened(slots: usize, generation: u32) -> SessionOpened {
    SessionOpened {
        ice: IceCredentials {
            ufrag: format!("core{generation}"),
            password: "0123456789abcdef0123456789".into(),
        },
        fingerprint: Fingerprint([7; 32]),
        candidates: vec![SocketAddr::from(([127, 0, 0, 1], 10_000))],
        slots: (0..slots)
            .map(|slot| {
                let ssrc = u32::try_from(slot).unwrap() * 2 + 1;
                SlotSource {
                    ssrc,
                    rtx_ssrc: ssrc + 1,
                }
            })
            .collect(),
    }
}
