//! A control thread that runs only when the test says so, a sidecar on a socket pair, and workers'
//! mailboxes that the test empties.

use std::io::{ErrorKind, Read as _};
use std::os::unix::net::UnixStream;

use sfu_proto::control::{Command, FromCore, Order, Outcome, Refusal, ToCore, VERSION, codec};
use sfu_proto::ids::{Epoch, MeetingId, OperationId};

use super::super::{Control, ControlEvent, testing};
use crate::control_socket::{ConnectionId, SocketEvent};
use crate::mailbox::{FromWorker, Inbox, Mailbox, ToWorker};

pub(super) const BOOT: u128 = 7;
pub(super) const MEETING: MeetingId = MeetingId(1);
pub(super) const REFUSED: Outcome = Outcome::Refused(Refusal::NoSuchSession);

pub(super) struct Rig {
    pub(super) control: Control,
    pub(super) inboxes: Vec<Inbox>,
    next_id: u64,
}

impl Rig {
    pub(super) fn new(workers: usize) -> Self {
        let (mailboxes, inboxes) = (0..workers).map(|_| Mailbox::new(testing::waker())).unzip();
        Self {
            control: Control::new(BOOT, mailboxes),
            inboxes,
            next_id: 0,
        }
    }

    /// A sidecar that has just said Hello and read ours.
    pub(super) fn connect(&mut self) -> Sidecar {
        let mut sidecar = self.connect_as(VERSION);
        let hello = FromCore::Hello {
            version: VERSION,
            boot: BOOT,
        };
        assert_eq!(sidecar.next(), Some(hello));
        sidecar
    }

    pub(super) fn connect_as(&mut self, version: u16) -> Sidecar {
        let (theirs, stream) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let id = ConnectionId(self.next_id);
        self.next_id += 1;
        // A reader holds the socket, too, while it waits for the next frame.
        let reader = stream.try_clone().unwrap();
        self.control
            .handle(ControlEvent::Socket(SocketEvent::Hello {
                id,
                version,
                stream,
            }));
        Sidecar {
            id,
            stream: theirs,
            _reader: reader,
            buffer: Vec::new(),
        }
    }

    pub(super) fn say(&mut self, sidecar: &Sidecar, frame: ToCore) {
        self.control
            .handle(ControlEvent::Socket(SocketEvent::Frame(sidecar.id, frame)));
    }

    pub(super) fn order(&mut self, sidecar: &Sidecar, operation: u128, command: Command) {
        let order = Order {
            operation: OperationId(operation),
            meeting: MEETING,
            epoch: Epoch(1),
            command,
        };
        self.say(sidecar, ToCore::Order(order));
    }

    pub(super) fn hear(&mut self, worker: usize, message: FromWorker) {
        self.control.handle(ControlEvent::Worker(worker, message));
    }

    /// The worker answers.
    pub(super) fn answer(&mut self, worker: usize, operation: u128, outcome: Outcome) {
        let operation = OperationId(operation);
        self.hear(worker, FromWorker::Answer { operation, outcome });
    }

    /// The meeting is open on worker 0.
    pub(super) fn open(&mut self, sidecar: &mut Sidecar) {
        self.order(sidecar, 1, Command::OpenMeeting);
        assert_eq!(self.posted(0), [1]);
        self.answer(0, 1, Outcome::Done);
        assert_eq!(sidecar.next(), Some(answer(1, Outcome::Done)));
    }

    /// What the worker has been given since it was last asked.
    pub(super) fn letters(&mut self, worker: usize) -> Vec<ToWorker> {
        std::iter::from_fn(|| self.inboxes[worker].next()).collect()
    }

    /// The operations that the worker has been given since it was last asked.
    pub(super) fn posted(&mut self, worker: usize) -> Vec<u128> {
        let orders = self.letters(worker).into_iter().filter_map(|message| {
            let ToWorker::Order(order) = message else {
                return None;
            };
            Some(order.operation.0)
        });
        orders.collect()
    }
}

pub(super) struct Sidecar {
    pub(super) id: ConnectionId,
    stream: UnixStream,
    _reader: UnixStream,
    buffer: Vec<u8>,
}

impl Sidecar {
    /// The next frame; `None` if there is none now.
    pub(super) fn next(&mut self) -> Option<FromCore> {
        self.read();
        codec::decode(&mut self.buffer).unwrap()
    }

    /// Whether the core has ended the connection and every frame was read.
    pub(super) fn is_over(&mut self) -> bool {
        self.read() && self.buffer.is_empty()
    }

    /// Takes what is there; says whether it is the end.
    fn read(&mut self) -> bool {
        let mut piece = [0; 4_096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return true,
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

pub(super) fn answer(operation: u128, outcome: Outcome) -> FromCore {
    FromCore::Answer {
        operation: OperationId(operation),
        outcome,
    }
}
