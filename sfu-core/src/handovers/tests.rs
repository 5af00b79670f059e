//! Two real workers, each on its own thread and driver: who publishes to one is seen at the other.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use sfu_proto::control::{Command, Order, Outcome, SessionOpened};
use sfu_proto::ids::{Epoch, MeetingId, OperationId, SessionId};
use sfu_proto::shard::{HandshakeEvent, Spread};
use sfu_proto::time::NtpTime;
use sfu_uring::DriverChoice;
use system_tests::chance::Chance;
use system_tests::peer::ice;
use system_tests::{Peer, PeerConfig};

use super::*;
use crate::config::CoreConfig;
use crate::control::ControlEvent;
use crate::mailbox::{FromWorker, NewPart, ToWorker};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const MEETING: MeetingId = MeetingId(1);

struct Workers {
    mailboxes: Vec<Mailbox>,
    events: Receiver<ControlEvent>,
    udp_port: u16,
    began: std::time::Instant,
    chance: Chance,
    next_operation: u128,
}

impl Workers {
    fn start(driver: DriverChoice) -> Self {
        let (reports, events) = sync_channel(16_384);
        let (mailboxes, udp_port) = loop {
            let free = UdpSocket::bind("0.0.0.0:0").unwrap();
            let udp_port = free.local_addr().unwrap().port();
            drop(free);
            let config = CoreConfig {
                control_socket: "unused".into(),
                udp_port,
                workers: 2,
                driver,
                public_ips: Vec::new(),
                external_port: None,
            };
            // Another test may take the port, or the next one, first.
            if let Ok(mailboxes) = crate::pool::start(config, &reports) {
                break (mailboxes, udp_port);
            }
        };
        Self {
            mailboxes,
            events,
            udp_port,
            began: std::time::Instant::now(),
            chance: Chance::new(1),
            next_operation: 0,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.began.elapsed().as_nanos()).unwrap())
    }

    fn order(&mut self, worker: usize, command: Command) -> Outcome {
        self.next_operation += 1;
        let asked = OperationId(self.next_operation);
        let order = Order {
            operation: asked,
            meeting: MEETING,
            epoch: Epoch(1),
            command,
        };
        self.mailboxes[worker].post(ToWorker::Order(order)).unwrap();
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap();
            if let ControlEvent::Worker(_, FromWorker::Answer { operation, outcome }) = event
                && operation == asked
            {
                return outcome;
            }
        }
    }

    fn spread(&mut self) {
        let (first, second) = Way::pair(&self.mailboxes[0], &self.mailboxes[1]);
        for (worker, ways) in [(0, vec![(1, first)]), (1, vec![(0, second)])] {
            assert_eq!(self.order(worker, Command::OpenMeeting), Outcome::Done);
            let part = NewPart {
                meeting: MEETING,
                orders: Vec::new(),
                spread: Spread {
                    home: 0,
                    parts: vec![0, 1],
                },
                ways,
            };
            self.mailboxes[worker].post(ToWorker::Part(part)).unwrap();
        }
    }

    fn join(&mut self, worker: usize, config: PeerConfig) -> Caller {
        let session = SessionId(u128::from(config.participant));
        let local = ice::credentials(&mut self.chance);
        let plan = config.plan(local.clone());
        let command = Command::OpenSession {
            session,
            plan: plan.clone(),
        };
        let Outcome::SessionOpened(opened) = self.order(worker, command) else {
            panic!("not opened");
        };
        let port = self.udp_port + u16::try_from(worker).unwrap();
        Caller::new(
            self,
            worker,
            (Ipv4Addr::LOCALHOST, port).into(),
            |now, chance, from| {
                let described: (_, &SessionOpened) = (&plan, &opened);
                Peer::new(config, session, from, local, described, now, chance)
            },
        )
    }
}

struct Caller {
    peer: Peer,
    socket: UdpSocket,
    to: SocketAddr,
    mailbox: Mailbox,
}

impl Caller {
    fn new(
        workers: &mut Workers,
        worker: usize,
        to: SocketAddr,
        peer: impl FnOnce(Instant, &mut Chance, SocketAddr) -> Peer,
    ) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        let now = workers.now();
        let from = socket.local_addr().unwrap();
        Self {
            peer: peer(now, &mut workers.chance, from),
            socket,
            to,
            mailbox: workers.mailboxes[worker].clone(),
        }
    }

    /// What the handshake thread would say. Said again until the peer has heard it.
    fn shake_hands(&self) {
        let session = self.peer.session;
        for event in [
            HandshakeEvent::Keys(self.peer.keying.clone()),
            HandshakeEvent::Records(vec![22, 0xfe, 0xfd, 0]),
        ] {
            let _ = self.mailbox.post(ToWorker::Handshake { session, event });
        }
    }

    fn turn(&mut self, now: Instant) {
        let mut out = Vec::new();
        if self.peer.deadline() <= now {
            if !self.peer.is_open() {
                self.shake_hands();
            }
            self.peer.tick(now, NtpTime(now.as_nanos()), &mut out);
        }
        let mut bytes = [0; 2_048];
        while let Ok(len) = self.socket.recv(&mut bytes) {
            self.peer.receive(now, bytes[..len].to_vec(), &mut out);
        }
        for bytes in out {
            self.socket.send_to(&bytes, self.to).unwrap();
        }
    }

    fn frames(&self) -> usize {
        self.peer.video_slots().map(|slot| slot.seen.len()).sum()
    }
}

fn who_publishes_to_one_worker_is_seen_at_the_other(driver: DriverChoice) {
    let mut workers = Workers::start(driver);
    workers.spread();
    let mut callers = vec![
        workers.join(0, PeerConfig::publisher(1)),
        workers.join(1, PeerConfig::viewer(2)),
        workers.join(1, PeerConfig::publisher(3)),
        workers.join(0, PeerConfig::viewer(4)),
    ];
    let is_enough = |caller: &Caller| {
        let is_viewer = caller.peer.config.camera == 0;
        // Two cameras each, for a second and more.
        !is_viewer || caller.frames() >= 80
    };
    while !callers.iter().all(is_enough) {
        assert!(workers.began.elapsed() < PATIENCE, "too few frames");
        for caller in &mut callers {
            caller.turn(workers.now());
        }
    }
    for caller in &callers {
        let faults: Vec<_> = caller.peer.all_faults().collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn over_mio() {
    who_publishes_to_one_worker_is_seen_at_the_other(DriverChoice::Mio);
}

#[test]
fn over_io_uring() {
    match sfu_uring::probe() {
        Ok(_) => who_publishes_to_one_worker_is_seen_at_the_other(DriverChoice::Uring),
        Err(refusal) => println!("skipped: {refusal}"),
    }
}
