//! A worker that panics, with everything around it real.

use std::io::Read as _;
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::sync_channel;

use sfu_proto::control::{Command, FromCore, Order, Outcome, ToCore, VERSION, codec};
use sfu_proto::ids::{Epoch, MeetingId, OperationId};
use sfu_uring::DriverChoice;

use super::*;
use crate::control::Control;
use crate::control_socket::{ConnectionId, SocketEvent};
use crate::mailbox::ToWorker;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A core without a control socket: the test takes the reader's part.
struct Core {
    events: SyncSender<ControlEvent>,
    mailboxes: Vec<Mailbox>,
}

impl Core {
    fn start(workers: usize) -> Self {
        let (events, queue) = sync_channel(1_024);
        let mailboxes = loop {
            let free = UdpSocket::bind("0.0.0.0:0").unwrap();
            let config = CoreConfig {
                control_socket: "unused".into(),
                udp_port: free.local_addr().unwrap().port(),
                workers,
                driver: DriverChoice::Auto,
                public_ips: Vec::new(),
                external_port: None,
                crypto: None,
                pads_packets: true,
            };
            drop(free);
            // Another test may take the port, or the next one, first.
            if let Ok(mailboxes) = start(config, &events) {
                break mailboxes;
            }
        };
        let control = Control::new(1, mailboxes.clone());
        thread::spawn(move || control.run(&queue));
        Self { events, mailboxes }
    }

    fn connect(&self, id: u64) -> Sidecar<'_> {
        let (ours, stream) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        let id = ConnectionId(id);
        let hello = SocketEvent::Hello {
            id,
            version: VERSION,
            stream,
        };
        self.events.send(ControlEvent::Socket(hello)).unwrap();
        let mut sidecar = Sidecar {
            core: self,
            id,
            stream: ours,
            buffer: Vec::new(),
        };
        assert!(matches!(sidecar.next(), Some(FromCore::Hello { .. })));
        sidecar
    }
}

struct Sidecar<'core> {
    core: &'core Core,
    id: ConnectionId,
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Sidecar<'_> {
    /// `None` at the end of the connection.
    fn next(&mut self) -> Option<FromCore> {
        let mut piece = [0; 4_096];
        loop {
            if let Some(frame) = codec::decode(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn say(&mut self, frame: ToCore) -> Option<FromCore> {
        let frame = SocketEvent::Frame(self.id, frame);
        self.core.events.send(ControlEvent::Socket(frame)).unwrap();
        self.next()
    }

    fn open(&mut self, operation: u128, meeting: u128) {
        let order = Order {
            operation: OperationId(operation),
            meeting: MeetingId(meeting),
            epoch: Epoch(1),
            command: Command::OpenMeeting,
        };
        let done = FromCore::Answer {
            operation: OperationId(operation),
            outcome: Outcome::Done,
        };
        assert_eq!(self.say(ToCore::Order(order)), Some(done));
    }

    fn meetings(&mut self) -> Vec<u128> {
        let Some(FromCore::Snapshot(snapshot)) = self.say(ToCore::Snapshot) else {
            panic!("no snapshot");
        };
        let mut meetings: Vec<_> = snapshot.meetings.iter().map(|it| it.meeting.0).collect();
        meetings.sort_unstable();
        meetings
    }
}

#[test]
fn a_worker_that_panics_takes_its_own_meetings_and_works_again() {
    let core = Core::start(2);
    let mut sidecar = core.connect(1);
    sidecar.open(1, 1);
    sidecar.open(2, 2);
    assert_eq!(sidecar.meetings(), [1, 2]);
    core.mailboxes[0].post(ToWorker::Panic).unwrap();
    assert_eq!(sidecar.next(), None);

    let mut sidecar = core.connect(2);
    assert_eq!(sidecar.meetings(), [2]);
    sidecar.open(3, 1);
    assert_eq!(sidecar.meetings(), [1, 2]);
}

#[test]
fn an_order_for_the_only_worker_waits_until_it_has_begun_anew() {
    let core = Core::start(1);
    for round in 1..=3_u64 {
        let mut sidecar = core.connect(round);
        assert!(sidecar.meetings().is_empty());
        sidecar.open(u128::from(round), 1);
        core.mailboxes[0].post(ToWorker::Panic).unwrap();
        assert_eq!(sidecar.next(), None);
    }
}
