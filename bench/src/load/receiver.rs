//! The receiving thread: counts every packet by participant, stream and sequence, and opens a share.
//!
//! ```text
//! message ─ destination ─► participant ─┬─ RTP   ssrc ─► stream: sequence; one in so many opened
//!                                       ├─ RTCP  key frames wanted ─► sender; NACKs counted
//!                                       └─ STUN  checks answered
//! ```
//!
//! All that a packet costs here is a look at its header and two table places: this thread has one
//! core for as much as the server sends with another.

use std::sync::mpsc::{Receiver as Orders, Sender as Mailbox, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};

use sfu_proto::dropped::Dropped;
use sfu_proto::rtcp;
use sfu_proto::srtp::Inbound;

use super::address_book::AddressBook;
use super::clock::{self, MILLISECOND};
use super::histogram::Histogram;
use super::payload::{self, mix};
use super::sender::ToSender;
use super::sequence::StreamCount;
use super::wire::{Inbox, Message, Wire};
use crate::client::ice;
use crate::endpoint::{Endpoint, MediaKind};
use crate::figures::Percentiles;

/// How long a receiver that has found nothing sleeps, as a network card's interrupts are held back.
/// Latency does not feel it: it ends with the kernel's stamp.
const LOOKS_APART: u64 = MILLISECOND / 5;
const PROGRESS_EVERY: u64 = 250 * MILLISECOND;
/// No datagram is longer.
const PACKET_BYTES_MAX: usize = 2_048;

#[derive(Debug)]
pub enum ToReceiver {
    /// Begin a new window: all counts start anew.
    Mark(SyncSender<()>),
    /// Say what has come since the mark.
    Report(SyncSender<Received>),
    Stop,
}

/// What has come since the mark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// Streams that have received something since the mark.
    pub streams: u64,
    /// Participants with at least one such stream.
    pub viewers: u64,
    pub packets: u64,
    pub bytes: u64,
    /// Gaps in the sequences.
    pub lost: u64,
    pub duplicates: u64,
    pub reordered: u64,
    pub opened: u64,
    pub corrupt: u64,
    /// Of those opened, from the sender's send to our kernel's receive.
    pub latency: Option<Percentiles>,
    /// RTP that no slot is for: repairs.
    pub others: u64,
    pub nacked: u64,
    pub key_frames_wanted: u64,
    pub checks_answered: u64,
    /// Datagrams for addresses that are nobody's.
    pub strays: u64,
    pub busy_nanos: u64,
    pub socket_drops: u64,
}

/// What has come until a moment of the load's clock.
#[derive(Clone, Debug, Default)]
pub struct SoFar {
    pub at: u64,
    pub received: Received,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    kind: MediaKind,
    is_opened: bool,
    count: StreamCount,
}

#[derive(Debug)]
struct Participant {
    endpoint: Endpoint,
    inbound: Inbound,
    /// Its streams within those of all.
    streams: std::ops::Range<usize>,
    /// The stream of the last packet: packets of one come together.
    last: usize,
}

#[derive(Debug)]
pub struct Receiver {
    wire: Arc<Wire>,
    orders: Orders<ToReceiver>,
    sender: Mailbox<ToSender>,
    progress: Arc<Mutex<SoFar>>,
    book: AddressBook,
    participants: Vec<Participant>,
    streams: Vec<Stream>,
    /// A packet is opened if its hash ends in these bits.
    opened_mask: u64,
    latency: Histogram,
    /// What is not a stream's, since the mark.
    sums: Received,
    busy_at_mark: u64,
    drops_at_mark: u64,
    scratch: Box<[u8; PACKET_BYTES_MAX]>,
}

impl Receiver {
    /// One packet in `opened_one_in`, a power of two, is opened and checked, and the first of each
    /// stream.
    pub fn new(
        wire: Arc<Wire>,
        orders: Orders<ToReceiver>,
        sender: Mailbox<ToSender>,
        progress: Arc<Mutex<SoFar>>,
        endpoints: impl IntoIterator<Item = Endpoint>,
        opened_one_in: u64,
    ) -> anyhow::Result<Self> {
        let mut streams = Vec::new();
        let participants: Vec<_> = endpoints
            .into_iter()
            .map(|endpoint| {
                let first = streams.len();
                streams.extend(endpoint.receives.iter().map(|slot| Stream {
                    ssrc: slot.ssrc,
                    kind: slot.kind,
                    is_opened: false,
                    count: StreamCount::default(),
                }));
                Participant {
                    inbound: Inbound::new(endpoint.keys.profile, &endpoint.keys.server),
                    endpoint,
                    streams: first..streams.len(),
                    last: first,
                }
            })
            .collect();
        let addresses = participants
            .iter()
            .map(|participant| super::engine::v4(participant.endpoint.local).map(|at| *at.ip()))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            drops_at_mark: wire.dropped(),
            wire,
            orders,
            sender,
            progress,
            book: AddressBook::new(addresses)?,
            participants,
            streams,
            opened_mask: opened_one_in.next_power_of_two() - 1,
            latency: Histogram::default(),
            sums: Received::default(),
            busy_at_mark: 0,
            scratch: Box::new([0; PACKET_BYTES_MAX]),
        })
    }

    pub fn run(mut self) {
        let mut inbox = Inbox::new();
        let mut progress_due = 0;
        let wire = Arc::clone(&self.wire);
        while self.take_orders() {
            let received = inbox.receive(&wire, |message| self.take_message(message));
            let now = clock::now();
            // An answer to something sent, such as "port unreachable", comes as an error of the next
            // receive: what it means shows in what is lost.
            if !received.unwrap_or(true) {
                clock::sleep_until(now + LOOKS_APART);
            }
            if now >= progress_due {
                progress_due = now + PROGRESS_EVERY;
                let so_far = SoFar {
                    at: now,
                    received: self.report(),
                };
                *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = so_far;
            }
        }
    }

    fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(ToReceiver::Mark(done)) => {
                    self.mark();
                    let _ = done.send(());
                }
                Ok(ToReceiver::Report(to)) => {
                    // Whoever asked may have given up.
                    let _ = to.send(self.report());
                }
                Ok(ToReceiver::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn mark(&mut self) {
        for stream in &mut self.streams {
            stream.count.restart();
            stream.is_opened = false;
        }
        self.latency.clear();
        self.sums = Received::default();
        self.busy_at_mark = clock::thread_busy();
        self.drops_at_mark = self.wire.dropped();
    }

    fn report(&self) -> Received {
        let mut report = Received {
            latency: self.latency.percentiles(),
            busy_nanos: clock::thread_busy() - self.busy_at_mark,
            socket_drops: self.wire.dropped() - self.drops_at_mark,
            ..self.sums.clone()
        };
        for participant in &self.participants {
            let streams = &self.streams[participant.streams.clone()];
            let counts = streams.iter().map(|stream| &stream.count);
            report.viewers += u64::from(counts.clone().any(|count| count.packets > 0));
            for count in counts {
                report.streams += u64::from(count.packets > 0);
                report.packets += count.packets;
                report.bytes += count.bytes;
                report.lost += count.lost();
                report.duplicates += count.duplicates;
                report.reordered += count.reordered;
            }
        }
        report
    }

    fn take_message(&mut self, message: Message<'_>) {
        let Some(participant) = self.book.find(message.to) else {
            self.sums.strays += 1;
            return;
        };
        for datagram in message.bytes.chunks(message.segment.max(1)) {
            // RFC 7983 §7, and RFC 5761 §4 for the second byte.
            match datagram {
                [128..=191, 192..=223, ..] => self.take_rtcp(participant, datagram),
                [128..=191, ..] => self.take_rtp(participant, message.arrival, datagram),
                [0..=3, ..] => self.take_check(participant, datagram),
                _ => {}
            }
        }
    }

    fn take_rtp(&mut self, participant: usize, arrival: u64, packet: &[u8]) {
        let Some([_, _, s0, s1, _, _, _, _, ssrc @ ..]) = packet.first_chunk::<12>() else {
            return;
        };
        let (sequence, ssrc) = (u16::from_be_bytes([*s0, *s1]), u32::from_be_bytes(*ssrc));
        let whose = &mut self.participants[participant];
        if self
            .streams
            .get(whose.last)
            .is_none_or(|last| last.ssrc != ssrc)
        {
            let mut streams = whose.streams.clone();
            let Some(found) = streams.find(|stream| self.streams[*stream].ssrc == ssrc) else {
                self.sums.others += 1;
                return;
            };
            whose.last = found;
        }
        let stream = &mut self.streams[whose.last];
        stream.count.count(sequence, packet.len());
        let is_chosen = mix(u64::from(ssrc) << 16 | u64::from(sequence)) & self.opened_mask == 0;
        if is_chosen || !stream.is_opened {
            stream.is_opened = true;
            let kind = stream.kind;
            self.open(participant, kind, arrival, packet);
        }
    }

    fn open(&mut self, participant: usize, kind: MediaKind, arrival: u64, packet: &[u8]) {
        let Some(copy) = self.scratch.get_mut(..packet.len()) else {
            self.sums.corrupt += 1;
            return;
        };
        copy.copy_from_slice(packet);
        let stamp = match self.participants[participant].inbound.unprotect_rtp(copy) {
            Ok(opened) => payload::check(kind, opened.payload()).ok(),
            // It came twice, which has been counted.
            Err(Dropped::SrtpReplayed | Dropped::SrtpTooOld) => return,
            Err(_) => None,
        };
        self.sums.opened += 1;
        match stamp {
            Some(stamp) => self.latency.add(arrival.saturating_sub(stamp.time)),
            None => self.sums.corrupt += 1,
        }
    }

    /// Only whoever sends media is told something that matters.
    fn take_rtcp(&mut self, participant: usize, packet: &[u8]) {
        let whose = &mut self.participants[participant];
        let copy = match self.scratch.get_mut(..packet.len()) {
            Some(copy) if !whose.endpoint.sends.is_empty() => copy,
            _ => return,
        };
        copy.copy_from_slice(packet);
        let Ok(compound) = whose.inbound.unprotect_rtcp(copy) else {
            return;
        };
        let (sums, sender) = (&mut self.sums, &self.sender);
        let mut want_key = |ssrc: sfu_proto::ids::Ssrc| {
            sums.key_frames_wanted += 1;
            // A sender that is gone sends no key frames either.
            let _ = sender.send(ToSender::KeyFrame(ssrc.0));
        };
        let mut nacked = 0;
        for packet in rtcp::packets(compound.bytes()).flatten() {
            match packet {
                rtcp::Packet::Pli(pli) => want_key(pli.media),
                rtcp::Packet::Fir(fir) => fir.entries().for_each(|entry| want_key(entry.ssrc)),
                rtcp::Packet::Nack(nack) => nacked += nack.sequences().count() as u64,
                _ => {}
            }
        }
        sums.nacked += nacked;
    }

    /// An answer to one of our checks, or a check of the server's.
    fn take_check(&mut self, participant: usize, datagram: &[u8]) {
        let endpoint = &self.participants[participant].endpoint;
        let Some(pair) = &endpoint.ice else { return };
        let answer = ice::answer(pair, datagram, endpoint.remote);
        match (
            answer,
            super::engine::v4(endpoint.local),
            super::engine::v4(endpoint.remote),
        ) {
            (Some(answer), Ok(local), Ok(remote)) => {
                self.wire.send(*local.ip(), remote, &answer, answer.len());
            }
            _ => self.sums.checks_answered += 1,
        }
    }
}
