//! Where packets end and are counted.

use std::fmt;
use std::fs::File;
use std::io::{IoSliceMut, Read as _, Seek as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, setsockopt, sockopt};
use sfu_proto::packet::SendBatch;
use sfu_proto::time;
use sfu_uring::{ClockReading, Driver, DriverChoice};

use super::link::{End, Link};

pub(super) const SINK_PORT: u16 = 9_000;
pub(super) const SINK_CPU: usize = 1;
const BUFFER_BYTES: usize = 64 << 20;
const MESSAGES: usize = 64;
/// A sink sleeps for this long rather than waiting for packets: its wake-ups would be paid by the
/// sender.
const NAP: Duration = Duration::from_micros(200);

/// What stands at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// XDP_DROP in the driver: no receiver's cost, but near cuts the trains apart.
    Drop,
    /// A socket with UDP_GRO: trains pass whole, as with a card that cuts them.
    Gro,
    /// A socket without: trains are cut apart on the way in.
    Plain,
}

impl SinkKind {
    pub const ALL: [Self; 3] = [Self::Drop, Self::Gro, Self::Plain];
}

impl fmt::Display for SinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "drop",
            Self::Gro => "gro",
            Self::Plain => "plain",
        })
    }
}

/// A sink at work.
#[derive(Debug)]
pub(super) struct Sink {
    counter: Counter,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

#[derive(Debug)]
enum Counter {
    /// `/proc/net/dev` of the far namespace, opened there.
    Interface(File),
    /// `/proc/net/snmp`, the same way: with what the socket had no room for, since that has come,
    /// and been paid for, too.
    Udp(File),
    Socket(Arc<AtomicU64>),
}

impl Sink {
    /// Starts it; ready when this returns.
    pub(super) fn start(kind: SinkKind, link: &Arc<Link>) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let received = Arc::new(AtomicU64::new(0));
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::spawn({
            let (link, stop, received) =
                (Arc::clone(link), Arc::clone(&stop), Arc::clone(&received));
            move || {
                link.enter(End::Far)?;
                sfu_uring::pin_current_thread(SINK_CPU)?;
                let open = |name| File::open(format!("/proc/thread-self/net/{name}"));
                let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, SINK_PORT));
                match kind {
                    SinkKind::Drop => {
                        ready.send(Counter::Interface(open("dev")?))?;
                        Ok(())
                    }
                    SinkKind::Gro => {
                        let sockets = sfu_uring::bind(&[address], BUFFER_BYTES)?;
                        let (driver, _, _) = Driver::open(DriverChoice::Mio, sockets)?;
                        ready.send(Counter::Socket(Arc::clone(&received)))?;
                        drain_trains(driver, &stop, &received)
                    }
                    SinkKind::Plain => {
                        let socket = UdpSocket::bind(address)?;
                        setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES)?;
                        socket.set_nonblocking(true)?;
                        ready.send(Counter::Udp(open("snmp")?))?;
                        drain(&socket, &stop)
                    }
                }
            }
        });
        let Ok(counter) = is_ready.recv() else {
            finish(thread)?;
            bail!("the sink has ended before it began");
        };
        Ok(Self {
            counter,
            stop,
            thread: Some(thread),
        })
    }

    /// Packets that have arrived so far.
    pub(super) fn count(&mut self) -> anyhow::Result<u64> {
        match &mut self.counter {
            Counter::Socket(received) => Ok(received.load(Ordering::Relaxed)),
            Counter::Interface(file) => {
                packets_of(&read_again(file)?, "far").context("/proc/net/dev of the far end")
            }
            Counter::Udp(file) => {
                let text = read_again(file)?;
                let of = |name| udp_count(&text, name).context("/proc/net/snmp of the far end");
                Ok(of("InDatagrams")? + of("RcvbufErrors")?)
            }
        }
    }

    /// The count when nothing more comes.
    pub(super) fn settled_count(&mut self) -> anyhow::Result<u64> {
        let mut before = self.count()?;
        loop {
            thread::sleep(Duration::from_millis(20));
            let count = self.count()?;
            if count == before {
                return Ok(count);
            }
            before = count;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What failed at the end has counted too little, which the row shows.
            let _ = finish(thread);
        }
    }
}

fn finish(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    thread
        .join()
        .unwrap_or_else(|_| Err(anyhow::anyhow!("the sink panicked")))
}

fn read_again(file: &mut File) -> anyhow::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// A number from the two lines of UDP in `/proc/net/snmp`: names, then numbers.
fn udp_count(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|it| it.strip_prefix("Udp: "));
    let at = lines.next()?.split(' ').position(|it| it == name)?;
    lines.next()?.split(' ').nth(at)?.parse().ok()
}

/// Column of received packets of an interface in `/proc/net/dev`.
fn packets_of(text: &str, interface: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|it| it.trim().strip_prefix(interface)?.strip_prefix(':'))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The core's own mio driver is a good receiver with UDP_GRO.
fn drain_trains(mut driver: Driver, stop: &AtomicBool, received: &AtomicU64) -> anyhow::Result<()> {
    let reading = ClockReading {
        now: time::Instant::from_nanos(0),
        realtime_nanos: 0,
    };
    let mut nothing = SendBatch::new(0, 0);
    while !stop.load(Ordering::Relaxed) {
        driver.turn(&mut nothing, Some(Duration::ZERO))?;
        if driver.receive(reading, usize::MAX, |_| {}) == 0 {
            thread::sleep(NAP);
        }
        received.store(driver.counters().received, Ordering::Relaxed);
    }
    Ok(())
}

fn drain(socket: &UdpSocket, stop: &AtomicBool) -> anyhow::Result<()> {
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(MESSAGES, None);
    // The rest of each datagram is cut off: it is only counted.
    let mut bytes = [[0_u8; 16]; MESSAGES];
    while !stop.load(Ordering::Relaxed) {
        let mut slices: Vec<_> = bytes.iter_mut().map(|it| [IoSliceMut::new(it)]).collect();
        let came = recvmmsg(
            socket.as_raw_fd(),
            &mut headers,
            slices.iter_mut(),
            MsgFlags::MSG_DONTWAIT,
            None,
        );
        match came {
            Ok(_) => {}
            Err(nix::Error::EAGAIN) => thread::sleep(NAP),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let dev =
            "Inter-|   Receive\n face |bytes    packets errs\n    lo: 1 2 3\n   far: 500 42 0\n";
        assert_eq!(packets_of(dev, "far"), Some(42));
        assert_eq!(packets_of(dev, "near"), None);
        let snmp = "Udp: InDatagrams NoPorts RcvbufErrors\nUdp: 10 20 30\nUdpLite: InDatagrams\n";
        assert_eq!(udp_count(snmp, "RcvbufErrors"), Some(30));
        assert_eq!(udp_count(snmp, "OutDatagrams"), None);
    }
}
