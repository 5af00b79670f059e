//! The load as a scenario sees it: start, set the rate, begin a window, end it, read the tally.
//!
//! ```text
//!  start ─ set_rate ─ (warm-up) ─ begin_window ─ … progress … ─ pause ─ tally ─ begin_window ─ …
//! ```
//!
//! A window is exact: before it and at its end nothing is sent until all that is on its way has
//! arrived, so that what was sent in it and what was received in it are the same packets.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Sender as Mailbox, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use super::clock;
pub use super::receiver::Received;
use super::receiver::{Receiver, SoFar, ToReceiver};
use super::sender::{Sender, SentCounters, Shape, ToSender};
use super::wire::{Wire, WireOptions};
use crate::endpoint::Endpoint;

/// What was sent before a window begins is received within this time, unless the server is behind.
const SETTLE: Duration = Duration::from_millis(100);
/// What was sent at the end of a window is received within this time, or lost.
const DRAIN: Duration = Duration::from_millis(500);
/// A receiver that is behind answers when it has caught up.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Where both threads run; `None` leaves it to the kernel.
    pub cpu: Option<usize>,
    pub receives_trains: bool,
    pub sends_trains: bool,
    pub opened_one_in: u64,
}

/// What was sent in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sent {
    pub packets: u64,
    pub bytes: u64,
    /// Not sent, because the sender was behind its timetable.
    pub late: u64,
    /// Not sent, because the kernel took them not.
    pub refused: u64,
    pub busy_nanos: u64,
}

/// One window.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub seconds: f64,
    pub sent: Sent,
    pub received: Received,
}

impl Tally {
    /// The part of one CPU that sending and receiving took: 0 to 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window is far below 2^52 nanoseconds"
    )]
    pub fn busy(&self) -> f64 {
        let nanos = (self.sent.busy_nanos + self.received.busy_nanos) as f64;
        nanos / (self.seconds * 1e9).max(1.0)
    }
}

#[derive(Debug)]
pub struct Engine {
    to_sender: Mailbox<ToSender>,
    to_receiver: Mailbox<ToReceiver>,
    threads: Vec<JoinHandle<()>>,
    sent: Arc<SentCounters>,
    received: Arc<Mutex<SoFar>>,
    window: Window,
    notes: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: u64,
    ended: Option<u64>,
    sent: Sent,
}

impl Engine {
    /// `participants`, each with a shape for each of its sources. Nothing is sent yet.
    pub fn start(
        participants: Vec<(Endpoint, Vec<Shape>)>,
        options: LoadOptions,
    ) -> anyhow::Result<Self> {
        let (first, _) = participants
            .first()
            .context("a load without participants")?;
        let port = first.local.port();
        ensure!(
            participants
                .iter()
                .all(|(endpoint, _)| endpoint.local.port() == port),
            "the participants of a load share one port: the target must give all the same"
        );
        let wire = Arc::new(Wire::open(WireOptions {
            port,
            receives_trains: options.receives_trains,
            sends_trains: options.sends_trains,
        })?);
        let notes = wire.shortfall().into_iter().collect();
        let sent = Arc::<SentCounters>::default();
        let received = Arc::<Mutex<SoFar>>::default();
        let (to_sender, sender_orders) = channel();
        let (to_receiver, receiver_orders) = channel();
        let sender = Sender::new(
            Arc::clone(&wire),
            Arc::clone(&sent),
            sender_orders,
            &participants,
        )?;
        let receiver = Receiver::new(
            wire,
            receiver_orders,
            to_sender.clone(),
            Arc::clone(&received),
            participants.into_iter().map(|(endpoint, _)| endpoint),
            options.opened_one_in,
        )?;
        Ok(Self {
            to_sender,
            to_receiver,
            threads: vec![
                spawn("load-send", options.cpu, || sender.run())?,
                spawn("load-receive", options.cpu, || receiver.run())?,
            ],
            window: Window {
                began: clock::now(),
                ended: None,
                sent: Sent::default(),
            },
            sent,
            received,
            notes,
        })
    }

    /// What a reader of the figures must know of the load.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// All sources send at `factor` times the rate of their shapes from now on.
    pub fn set_rate(&self, factor: f64) -> anyhow::Result<()> {
        self.order_sender(ToSender::Rate(factor))
    }

    /// Counts anew, and sends at `factor` times the rate of the shapes.
    pub fn begin_window(&mut self, factor: f64) -> anyhow::Result<()> {
        self.order_sender(ToSender::Pause)?;
        thread::sleep(SETTLE);
        self.ask_receiver(ToReceiver::Mark)?;
        self.window = Window {
            began: clock::now(),
            ended: None,
            sent: self.sent_so_far(),
        };
        self.set_rate(factor)
    }

    /// What has come of the window so far: as of the receiver's last word, which may be a moment
    /// ago.
    pub fn progress(&self) -> Tally {
        let so_far = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        // Its last word may be of the window before.
        let seconds = seconds(so_far.at.saturating_sub(self.window.began));
        Tally {
            seconds,
            sent: self.sent_so_far().since(self.window.sent),
            received: match seconds > 0.0 {
                true => so_far.received.clone(),
                false => Received::default(),
            },
        }
    }

    /// Ends the window: nothing is sent any more.
    pub fn pause(&mut self) -> anyhow::Result<()> {
        self.window.ended = Some(clock::now());
        self.order_sender(ToSender::Pause)
    }

    /// Lets what is on its way arrive, and says what has come of the window.
    pub fn tally(&self) -> anyhow::Result<Tally> {
        thread::sleep(DRAIN);
        Ok(Tally {
            seconds: self.window_seconds(),
            sent: self.sent_so_far().since(self.window.sent),
            received: self.ask_receiver(ToReceiver::Report)?,
        })
    }

    fn order_sender(&self, order: ToSender) -> anyhow::Result<()> {
        self.to_sender
            .send(order)
            .ok()
            .context("the load's sender has died")
    }

    fn ask_receiver<T>(
        &self,
        order: impl FnOnce(SyncSender<T>) -> ToReceiver,
    ) -> anyhow::Result<T> {
        let (answer, answered) = sync_channel(1);
        let told = self.to_receiver.send(order(answer));
        told.ok().context("the load's receiver has died")?;
        answered
            .recv_timeout(ANSWER_TIME_MAX)
            .context("the load's receiver does not keep up at all")
    }

    fn sent_so_far(&self) -> Sent {
        Sent {
            packets: self.sent.packets.load(Relaxed),
            bytes: self.sent.bytes.load(Relaxed),
            late: self.sent.late.load(Relaxed),
            refused: self.sent.refused.load(Relaxed),
            busy_nanos: self.sent.busy_nanos.load(Relaxed),
        }
    }

    fn window_seconds(&self) -> f64 {
        let end = self.window.ended.unwrap_or_else(clock::now);
        seconds(end - self.window.began)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a window is far below 2^52 nanoseconds"
)]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / clock::SECOND as f64
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A thread that has died has nothing to be told.
        let _ = self.order_sender(ToSender::Stop);
        let _ = self.to_receiver.send(ToReceiver::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Sent {
    fn since(self, earlier: Self) -> Self {
        Self {
            packets: self.packets - earlier.packets,
            bytes: self.bytes - earlier.bytes,
            late: self.late - earlier.late,
            refused: self.refused - earlier.refused,
            busy_nanos: self.busy_nanos.saturating_sub(earlier.busy_nanos),
        }
    }
}

fn spawn(
    name: &str,
    cpu: Option<usize>,
    run: impl FnOnce() + Send + 'static,
) -> anyhow::Result<JoinHandle<()>> {
    let mut set = CpuSet::new();
    if let Some(cpu) = cpu {
        set.set(cpu)
            .with_context(|| format!("there is no CPU {cpu}"))?;
    }
    let pinned = move || {
        if cpu.is_some() {
            // Whoever asks for a CPU that is not there gets a load that floats: no worse than none.
            let _ = sched_setaffinity(Pid::from_raw(0), &set);
        }
        run();
    };
    Ok(thread::Builder::new().name(name.to_owned()).spawn(pinned)?)
}

/// The load's network is IPv4: participants by the thousand need no more.
pub fn v4(address: SocketAddr) -> anyhow::Result<SocketAddrV4> {
    match address {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => bail!("the load speaks IPv4 only, and was given {address}"),
    }
}
