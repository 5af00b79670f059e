//! A core on a socket of its own, and a sidecar that speaks with it.

use std::io::{self, Read as _, Write as _};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sfu_core::{CoreConfig, DriverChoice};
use sfu_proto::control::{Command, FromCore, Order, Outcome, Snapshot, ToCore, VERSION, codec};
use sfu_proto::ids::{Epoch, MeetingId, OperationId};

/// Runs each test over both drivers; over io_uring only where the kernel allows it.
macro_rules! on_both_drivers {
    ($($name:ident,)*) => {$(
        mod $name {
            #[test]
            fn io_uring() {
                match sfu_uring::probe() {
                    Ok(_) => crate::rig::run(sfu_core::DriverChoice::Uring, super::$name),
                    Err(refusal) => println!("skipped: {refusal}"),
                }
            }

            #[test]
            fn mio() {
                crate::rig::run(sfu_core::DriverChoice::Mio, super::$name);
            }
        }
    )*};
}
pub(crate) use on_both_drivers;

/// Far longer than anything here takes; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const MEETING: MeetingId = MeetingId(1);

const WORKERS: usize = 2;

pub(crate) fn run(driver: DriverChoice, test: fn(&Path)) {
    let socket = start(driver);
    test(&socket);
    std::fs::remove_file(socket).unwrap();
}

/// Starts a core that runs until the process ends; gives the path of its control socket.
fn start(driver: DriverChoice) -> PathBuf {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let name = format!("millrace-test-{}-{number}.sock", std::process::id());
    let control_socket = std::env::temp_dir().join(name);
    let config = CoreConfig {
        control_socket: control_socket.clone(),
        udp_port: 0,
        workers: WORKERS,
        driver,
        public_ips: Vec::new(),
        external_port: None,
        crypto: None,
        pads_packets: true,
    };
    thread::spawn(move || {
        // The port is free, but another test's core may take it or the next one first.
        loop {
            let udp_port = free_port();
            let error = sfu_core::run(CoreConfig {
                udp_port,
                ..config.clone()
            });
            println!("port {udp_port}: {error:?}");
        }
    });
    control_socket
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.local_addr().unwrap().port()
}

pub(crate) struct Sidecar {
    stream: UnixStream,
    buffer: Vec<u8>,
    pub(crate) boot: u128,
}

impl Sidecar {
    /// Connects, as often as it takes until the core is there, and says Hello.
    pub(crate) fn connect(socket: &Path) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_connect(socket) {
                Ok(sidecar) => return sidecar,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn try_connect(socket: &Path) -> io::Result<Self> {
        let mut sidecar = Self::knock(socket)?;
        sidecar.say(&[ToCore::Hello { version: VERSION }])?;
        match sidecar.next()? {
            Some(FromCore::Hello { version, boot }) => {
                assert_eq!(version, VERSION);
                sidecar.boot = boot;
                Ok(sidecar)
            }
            other => Err(io::Error::other(format!("{other:?} instead of Hello"))),
        }
    }

    /// A connection that has said nothing yet.
    pub(crate) fn knock(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            boot: 0,
        })
    }

    /// All in one go.
    pub(crate) fn say(&mut self, frames: &[ToCore]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for frame in frames {
            codec::encode(frame, &mut bytes).unwrap();
        }
        self.stream.write_all(&bytes)
    }

    /// The next frame; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<FromCore>> {
        let mut piece = [0; 4_096];
        loop {
            if let Some(frame) = codec::decode(&mut self.buffer).unwrap() {
                return Ok(Some(frame));
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next frame that is no report.
    pub(crate) fn next_asked(&mut self) -> FromCore {
        loop {
            match self.next().unwrap() {
                Some(FromCore::Report(_)) => {}
                frame => return frame.expect("the core has ended the connection"),
            }
        }
    }

    /// Reads to the end.
    pub(crate) fn is_over(&mut self) -> bool {
        loop {
            match self.next() {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                // The end of a connection whose frames the core has not all read.
                Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
            }
        }
    }

    /// Gives an order and waits for its answer.
    pub(crate) fn order(&mut self, operation: u128, epoch: u64, command: Command) -> Outcome {
        self.say(&[order(operation, epoch, command)]).unwrap();
        self.answer_to(operation)
    }

    pub(crate) fn answer_to(&mut self, asked: u128) -> Outcome {
        match self.next_asked() {
            FromCore::Answer { operation, outcome } if operation.0 == asked => outcome,
            other => panic!("{other:?} instead of the answer to {asked}"),
        }
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        match self.next_asked() {
            FromCore::Snapshot(snapshot) => snapshot,
            other => panic!("{other:?} instead of a snapshot"),
        }
    }
}

pub(crate) fn order(operation: u128, epoch: u64, command: Command) -> ToCore {
    ToCore::Order(Order {
        operation: OperationId(operation),
        meeting: MEETING,
        epoch: Epoch(epoch),
        command,
    })
}
