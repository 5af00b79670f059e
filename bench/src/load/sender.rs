//! The sending thread: looks at its timetable, and sends whole frames as trains.
//!
//! A frame that is later than [`LATENESS_MAX`] is not sent any more but counted: a load that cannot
//! keep its own timetable says so, and does not let its debts grow into a burst.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, TryRecvError};

use anyhow::ensure;
use sfu_proto::srtp::Outbound;

use super::clock::{self, MILLISECOND, SECOND};
use super::consent::Consent;
use super::header::{Header, Numbers};
use super::payload::{self, Stamp};
use super::timetable::{Timetable, Turn};
use super::wire::Wire;
use crate::endpoint::{Endpoint, MediaKind};

/// Later than this, a frame is given up.
const LATENESS_MAX: u64 = 100 * MILLISECOND;
/// Frames that are due within this time share a wake-up.
const WAKE_UPS_APART: u64 = SECOND / 10_000;
/// Orders are seen within this time.
const SLEEP_MAX: u64 = 2 * MILLISECOND;
/// DESIGN D6: sequences begin below 2^15, so that both sides guess the same rollover.
const FIRST_SEQUENCE: u64 = 1_000;

/// What one encoding sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Frames a second.
    pub rate: f64,
    /// Packets a frame.
    pub packets: usize,
    /// Bytes of a packet before SRTP: header, extensions and payload.
    pub bytes: usize,
}

impl Shape {
    #[expect(clippy::cast_precision_loss, reason = "a frame has few packets")]
    pub fn packets_per_second(&self) -> f64 {
        self.rate * self.packets as f64
    }
}

#[derive(Debug)]
pub enum ToSender {
    /// All sources send so many times as often as their shapes say.
    Rate(f64),
    Pause,
    /// The server wants a key frame of this source.
    KeyFrame(u32),
    Stop,
}

/// What has been sent since the start.
#[derive(Debug, Default)]
pub struct SentCounters {
    pub packets: AtomicU64,
    pub bytes: AtomicU64,
    /// Packets of frames that were given up: the sender could not keep its timetable.
    pub late: AtomicU64,
    /// Packets that the kernel did not take.
    pub refused: AtomicU64,
    pub busy_nanos: AtomicU64,
}

/// One encoding of one participant.
#[derive(Debug)]
struct Source {
    participant: usize,
    kind: MediaKind,
    ssrc: u32,
    shape: Shape,
    header: Header,
    /// RTP clock.
    clock: u64,
    packets_sent: u64,
    picture: u16,
    wants_key: bool,
}

/// Sends everything of one participant.
#[derive(Debug)]
struct Transport {
    local: Ipv4Addr,
    remote: SocketAddrV4,
    outbound: Outbound,
    packets_sent: u64,
}

#[derive(Debug)]
pub struct Sender {
    wire: Arc<Wire>,
    counters: Arc<SentCounters>,
    orders: Receiver<ToSender>,
    transports: Vec<Transport>,
    sources: Vec<Source>,
    consent: Consent,
    timetable: Timetable,
    /// Of one frame.
    packets: Vec<u8>,
}

impl Sender {
    /// `shapes`: for each participant, one for each of its sources. Nothing is sent before the first
    /// `Rate`.
    pub fn new(
        wire: Arc<Wire>,
        counters: Arc<SentCounters>,
        orders: Receiver<ToSender>,
        participants: &[(Endpoint, Vec<Shape>)],
    ) -> anyhow::Result<Self> {
        let mut transports = Vec::with_capacity(participants.len());
        let mut sources = Vec::new();
        for (index, (endpoint, shapes)) in participants.iter().enumerate() {
            transports.push(Transport {
                local: super::engine::v4(endpoint.local)?.ip().to_owned(),
                remote: super::engine::v4(endpoint.remote)?,
                outbound: Outbound::new(endpoint.keys.profile, &endpoint.keys.client),
                packets_sent: 0,
            });
            ensure!(
                shapes.len() == endpoint.sends.len(),
                "a participant with {} sources has {} shapes",
                endpoint.sends.len(),
                shapes.len()
            );
            for (source, shape) in endpoint.sends.iter().zip(shapes) {
                sources.push(Source::new(index, source, *shape)?);
            }
        }
        let consent = Consent::new(
            clock::now(),
            participants.iter().map(|(endpoint, _)| endpoint),
        );
        Ok(Self {
            wire,
            counters,
            orders,
            transports,
            sources,
            consent,
            timetable: Timetable::new(0, []),
            packets: Vec::new(),
        })
    }

    pub fn run(mut self) {
        while self.take_orders() {
            let now = clock::now();
            while let Some(turn) = self.timetable.take(now) {
                self.send_frame(turn);
            }
            while let Some((participant, check)) = self.consent.take(now) {
                let transport = &self.transports[participant];
                self.wire
                    .send(transport.local, transport.remote, &check, check.len());
            }
            self.counters
                .busy_nanos
                .store(clock::thread_busy(), Relaxed);
            let now = clock::now();
            let due = self
                .timetable
                .due()
                .unwrap_or(u64::MAX)
                .min(self.consent.due());
            clock::sleep_until(due.clamp(now + WAKE_UPS_APART, now + SLEEP_MAX));
        }
    }

    fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(ToSender::Rate(factor)) => {
                    let rates = self.sources.iter().map(|source| factor * source.shape.rate);
                    self.timetable = Timetable::new(clock::now(), rates);
                }
                Ok(ToSender::Pause) => self.timetable = Timetable::new(0, []),
                Ok(ToSender::KeyFrame(ssrc)) => {
                    for source in self.sources.iter_mut().filter(|source| source.ssrc == ssrc) {
                        source.wants_key = true;
                    }
                }
                Ok(ToSender::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn send_frame(&mut self, turn: Turn) {
        let time = clock::now();
        let source = &mut self.sources[turn.source];
        let count = source.shape.packets as u64;
        if time.saturating_sub(turn.due) > LATENESS_MAX {
            self.counters.late.fetch_add(count, Relaxed);
            return;
        }
        let transport = &mut self.transports[source.participant];
        let segment = transport.outbound.rtp_len(source.shape.bytes);
        self.packets.resize(source.shape.packets * segment, 0);
        // Turns are numbered by sources that a u32 counts: they have SSRCs.
        let number = u32::try_from(turn.source).unwrap_or(u32::MAX);
        for (place, packet) in self.packets.chunks_mut(segment).enumerate() {
            source.write(transport, number, place, time, turn.due, packet);
        }
        source.picture = source.picture.wrapping_add(1) & 0x7fff;
        source.wants_key = false;
        let (local, remote) = (transport.local, transport.remote);
        let refused = self.wire.send(local, remote, &self.packets, segment) as u64;
        self.counters.packets.fetch_add(count, Relaxed);
        self.counters
            .bytes
            .fetch_add(self.packets.len() as u64, Relaxed);
        self.counters.refused.fetch_add(refused, Relaxed);
    }
}

impl Source {
    fn new(
        participant: usize,
        source: &crate::endpoint::Source,
        shape: Shape,
    ) -> anyhow::Result<Self> {
        let header = Header::new(source)?;
        let least = header.len() + payload::bytes_min(source.kind);
        ensure!(
            shape.bytes >= least && shape.bytes <= 1_400 && shape.packets >= 1 && shape.rate > 0.0,
            "{shape:?} cannot be sent: a packet needs {least} to 1400 bytes, a frame one packet"
        );
        Ok(Self {
            participant,
            kind: source.kind,
            ssrc: source.ssrc,
            shape,
            header,
            clock: match source.kind {
                MediaKind::Audio => 48_000,
                MediaKind::Video => 90_000,
            },
            packets_sent: 0,
            picture: 0,
            wants_key: true,
        })
    }

    /// Writes and seals the packet at `place` of its frame.
    fn write(
        &mut self,
        transport: &mut Transport,
        number: u32,
        place: usize,
        time: u64,
        due: u64,
        packet: &mut [u8],
    ) {
        let index = FIRST_SEQUENCE + self.packets_sent;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "RTP counts modulo 2^16 and 2^32"
        )]
        let numbers = Numbers {
            marker: self.kind == MediaKind::Video && place + 1 == self.shape.packets,
            sequence: index as u16,
            timestamp: (u128::from(due) * u128::from(self.clock) / u128::from(SECOND)) as u32,
            transport_sequence: transport.packets_sent as u16,
        };
        self.header.write(numbers, packet);
        let stamp = Stamp {
            source: number,
            number: self.packets_sent,
            time,
            is_first: place == 0,
            is_key: self.wants_key && self.kind == MediaKind::Video,
        };
        let body = &mut packet[self.header.len()..self.shape.bytes];
        payload::write(self.kind, stamp, self.picture, body);
        self.packets_sent += 1;
        transport.packets_sent += 1;
        // It fails only when a key is spent, after 2^48 packets; the server would drop this one.
        let _ = transport
            .outbound
            .protect_rtp(self.header.len(), index, packet);
    }
}
