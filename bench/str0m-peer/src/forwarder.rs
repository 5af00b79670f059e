//! The loop: takes what has come, hands media on, sends what that gave. Packets of one round are
//! queued first and leave together, viewer by viewer, each by a `sendto` of its own.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use str0m::media::MediaKind;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, IceConnectionState, Input, Output};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::session::{Id, Role};
use crate::sessions::Sessions;
use crate::signalling::Entry;

/// Datagrams of one round, so that what the first of them caused does not wait for long.
const ROUND_MAX: usize = 64;
const DATAGRAM_BYTES_MAX: usize = 2_000;
/// What the kernel is asked to hold while we are busy, either way.
const SOCKET_BUFFER_BYTES: usize = 8 << 20;
/// Without sessions nothing is ever due.
const IDLE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Forwarder {
    socket: UdpSocket,
    local: SocketAddr,
    sessions: Sessions,
    /// Whose packets come from there.
    sources: HashMap<SocketAddr, Id>,
    due: BTreeSet<(Instant, Id)>,
    /// Sessions with `has_written`.
    written: Vec<Id>,
    /// Packets that are still to be forwarded, with who sent them.
    received: Vec<(Id, RtpPacket)>,
    buffer: Vec<u8>,
}

impl Forwarder {
    pub(crate) fn new(socket: UdpSocket) -> anyhow::Result<Self> {
        // Only root may have more than the system's limit.
        if setsockopt(&socket, sockopt::RcvBufForce, &SOCKET_BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &SOCKET_BUFFER_BYTES)?;
        }
        if setsockopt(&socket, sockopt::SndBufForce, &SOCKET_BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::SndBuf, &SOCKET_BUFFER_BYTES)?;
        }
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            sessions: Sessions::default(),
            sources: HashMap::new(),
            due: BTreeSet::new(),
            written: Vec::new(),
            received: Vec::new(),
            buffer: vec![0; DATAGRAM_BYTES_MAX],
        })
    }

    pub(crate) async fn run(mut self, mut entries: mpsc::Receiver<Entry>) -> anyhow::Result<()> {
        loop {
            let next = self.due.first().map(|(due, _)| *due);
            let next = next.unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                readable = self.socket.readable() => {
                    readable?;
                    self.receive();
                }
                () = tokio::time::sleep_until(next.into()) => {}
                Some(entry) = entries.recv() => self.enter(entry),
            }
            self.send_written();
            self.call_due();
            self.send_written();
        }
    }

    fn enter(&mut self, entry: Entry) {
        let now = Instant::now();
        let added = self.sessions.add(entry.wish, entry.rtc, now);
        if let Ok(id) = added {
            self.due.insert((now, id));
            self.drain(id);
        }
        // Whoever asked may have given up; then the session falls silent.
        let _ = entry.taken.send(added.map(drop));
    }

    fn receive(&mut self) {
        for _ in 0..ROUND_MAX {
            let mut buffer = std::mem::take(&mut self.buffer);
            let received = self.socket.try_recv_from(&mut buffer);
            if let Ok((len, source)) = received {
                self.take(buffer.get(..len).unwrap_or_default(), source);
            }
            self.buffer = buffer;
            // Nothing is left, or the error of an earlier send is told here.
            if received.is_err() {
                return;
            }
        }
    }

    fn take(&mut self, datagram: &[u8], source: SocketAddr) {
        // What is none of STUN, DTLS and RTP is nobody's.
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, datagram) else {
            return;
        };
        let input = Input::Receive(Instant::now(), receive);
        let id = match self.sources.get(&source) {
            Some(id) => *id,
            // The first ICE check from there: its user name says whose it is.
            None => {
                let Some(id) = self.sessions.accepting(&input) else {
                    return;
                };
                self.sources.insert(source, id);
                id
            }
        };
        self.feed(id, input);
    }

    fn feed(&mut self, id: Id, input: Input<'_>) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if session.rtc.handle_input(input).is_err() {
            session.rtc.disconnect();
        }
        self.drain(id);
        let mut received = std::mem::take(&mut self.received);
        for (publisher, packet) in received.drain(..) {
            self.forward(publisher, &packet);
        }
        self.received = received;
    }

    /// Takes all output of a session until it says when it wants to be called again.
    fn drain(&mut self, id: Id) {
        loop {
            let Some(session) = self.sessions.get(id) else {
                return;
            };
            match session.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    // Full is a packet lost, as anywhere on its way.
                    let _ = self
                        .socket
                        .try_send_to(&transmit.contents, transmit.destination);
                }
                Ok(Output::Event(event)) => self.happen(id, event),
                Ok(Output::Timeout(due)) if session.rtc.is_alive() => {
                    let before = std::mem::replace(&mut session.due, due);
                    if before != due {
                        self.due.remove(&(before, id));
                        self.due.insert((due, id));
                    }
                    return;
                }
                Ok(Output::Timeout(_)) | Err(_) => return self.end(id),
            }
        }
    }

    fn happen(&mut self, id: Id, event: Event) {
        match event {
            Event::RtpPacket(packet) => self.received.push((id, packet)),
            Event::MediaAdded(added) => {
                if let Some(session) = self.sessions.get(id) {
                    session.add_track(added);
                }
            }
            // A viewer can show nothing before it has a key frame.
            Event::Connected | Event::KeyframeRequest(_) => self.want_key_frame(id),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                if let Some(session) = self.sessions.get(id) {
                    session.rtc.disconnect();
                }
            }
            _ => {}
        }
    }

    fn want_key_frame(&mut self, viewer: Id) {
        let Some(Role::Viewer { publisher }) = self.sessions.get(viewer).map(|it| &it.role) else {
            return;
        };
        let publisher = *publisher;
        if let Some(session) = self.sessions.get(publisher) {
            session.request_key_frame();
            self.drain(publisher);
            self.has_written(publisher);
        }
    }

    /// Queues a publisher's packet for each of its viewers.
    fn forward(&mut self, publisher: Id, packet: &RtpPacket) {
        let Some(session) = self.sessions.get(publisher) else {
            return;
        };
        let Some(kind) = session.kind_of(packet) else {
            return;
        };
        let Some(viewers) = self.sessions.viewers(publisher) else {
            return;
        };
        // One that ends meanwhile stays in the list, and is passed over.
        let lent = std::mem::take(viewers);
        for &viewer in &lent {
            self.write(viewer, kind, packet);
        }
        if let Some(viewers) = self.sessions.viewers(publisher) {
            *viewers = lent;
        }
    }

    fn write(&mut self, viewer: Id, kind: MediaKind, packet: &RtpPacket) {
        let Some(session) = self.sessions.get(viewer) else {
            return;
        };
        if session.rtc.is_connected() {
            session.write(kind, packet);
            self.drain(viewer);
            self.has_written(viewer);
        }
    }

    fn has_written(&mut self, id: Id) {
        if let Some(session) = self.sessions.get(id)
            && !std::mem::replace(&mut session.has_written, true)
        {
            self.written.push(id);
        }
    }

    /// Lets time go on for all who have something to send: str0m stamps it, and gives it.
    fn send_written(&mut self) {
        let now = Instant::now();
        while let Some(id) = self.written.pop() {
            if let Some(session) = self.sessions.get(id) {
                session.has_written = false;
                self.feed(id, Input::Timeout(now));
            }
        }
    }

    fn call_due(&mut self) {
        let now = Instant::now();
        let due: Vec<Id> = self
            .due
            .iter()
            .take_while(|(due, _)| *due <= now)
            .map(|(_, id)| *id)
            .collect();
        for id in due {
            self.feed(id, Input::Timeout(now));
        }
    }

    fn end(&mut self, id: Id) {
        if let Some(session) = self.sessions.remove(id) {
            self.due.remove(&(session.due, id));
            self.sources.retain(|_, whose| *whose != id);
        }
    }
}
