//! What the tests share: a driver on loopback, and plain sockets to speak with it.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sfu_proto::limits::{BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX, RECEIVED_PER_PASS_MAX};
use sfu_proto::packet::{Route, SendBatch, SocketIndex};
use sfu_proto::time;
use sfu_uring::{ClockReading, Driver, DriverChoice, Waker, bind, probe};

/// Runs each test over both drivers; over io_uring only where the kernel allows it.
macro_rules! on_both_drivers {
    ($($name:ident,)*) => {$(
        mod $name {
            #[test]
            fn io_uring() {
                if crate::rig::ring_is_allowed() {
                    super::$name(sfu_uring::DriverChoice::Uring);
                }
            }

            #[test]
            fn mio() {
                super::$name(sfu_uring::DriverChoice::Mio);
            }
        }
    )*};
}
pub(crate) use on_both_drivers;

pub(crate) fn ring_is_allowed() -> bool {
    match probe() {
        Ok(_) => true,
        Err(refusal) => {
            println!("skipped: {refusal}");
            false
        }
    }
}

/// Longer than any test takes; a test that gets here has failed.
pub(crate) const FOREVER: Duration = Duration::from_secs(20);
pub(crate) const FIRST: SocketIndex = SocketIndex(0);
const BUFFER_BYTES: usize = 4 << 20;

/// One received datagram, copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) route: Route,
    pub(crate) arrival: time::Instant,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Rig {
    pub(crate) driver: Driver,
    pub(crate) waker: Waker,
    pub(crate) batch: SendBatch,
    pub(crate) addresses: Vec<SocketAddr>,
    start: Instant,
}

impl Rig {
    pub(crate) fn new(choice: DriverChoice) -> Self {
        Self::on(choice, &["127.0.0.1:0"], BUFFER_BYTES)
    }

    pub(crate) fn on(choice: DriverChoice, addresses: &[&str], buffer_bytes: usize) -> Self {
        let addresses: Vec<SocketAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        let sockets = bind(&addresses, buffer_bytes).unwrap();
        let addresses = sockets.iter().map(|it| it.local_address()).collect();
        let (driver, waker, kind) = Driver::open(choice, sockets).unwrap();
        assert_eq!(kind.to_string(), choice.to_string());
        Self {
            driver,
            waker,
            batch: SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX),
            addresses,
            start: Instant::now(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Both clocks, read so close together that nothing came between.
    pub(crate) fn reading(&self) -> ClockReading {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap();
        loop {
            let before = self.start.elapsed();
            let realtime = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            if self.start.elapsed() - before < Duration::from_micros(100) {
                return ClockReading {
                    // Well past zero, so that arrivals before the start are not cut off.
                    now: time::Instant::from_nanos(10_000_000_000 + nanos(before)),
                    realtime_nanos: nanos(realtime),
                };
            }
        }
    }

    /// Writes a datagram into the batch.
    pub(crate) fn queue(&mut self, remote: SocketAddr, bytes: &[u8]) {
        let route = Route {
            socket: FIRST,
            remote,
        };
        let slot = self.batch.slot(route, bytes.len()).unwrap();
        slot.copy_from_slice(bytes);
    }

    pub(crate) fn send(&mut self) {
        self.driver.send(&mut self.batch).unwrap();
        assert!(self.batch.is_empty());
    }

    pub(crate) fn turn(&mut self) {
        self.driver.turn(&mut self.batch, Some(FOREVER)).unwrap();
    }

    /// Receives once, without waiting.
    pub(crate) fn receive(&mut self, max: usize) -> Vec<Received> {
        let reading = self.reading();
        let mut received = Vec::new();
        let count = self.driver.receive(reading, max, |datagram| {
            received.push(Received {
                route: datagram.route,
                arrival: datagram.arrival,
                bytes: datagram.bytes.to_vec(),
            });
        });
        assert_eq!(count, received.len());
        received
    }

    /// Takes turns until `count` datagrams have come.
    pub(crate) fn receive_all(&mut self, count: usize) -> Vec<Received> {
        let mut all = self.receive(RECEIVED_PER_PASS_MAX);
        let deadline = Instant::now() + FOREVER;
        while all.len() < count {
            assert!(Instant::now() < deadline, "{} of {count} came", all.len());
            self.turn();
            all.extend(self.receive(RECEIVED_PER_PASS_MAX));
        }
        all
    }
}

/// A plain socket of the standard library: no GRO, waits, but not for ever.
pub(crate) fn plain_socket() -> UdpSocket {
    plain_socket_on("127.0.0.1:0")
}

pub(crate) fn plain_socket_on(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(FOREVER)).unwrap();
    socket
}

/// The next datagram.
pub(crate) fn take(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let len = socket.recv(&mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

/// Bytes that tell by themselves which datagram they belong to, and where they stand in it.
pub(crate) fn pattern(datagram: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((datagram * 31 + at * 7 + (datagram >> 8)) % 251).unwrap())
        .collect()
}
