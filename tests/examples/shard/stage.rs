//! A shard with sessions that have their keys, and passes a millisecond apart, in the worker's order.

use core::net::SocketAddr;
use core::time::Duration;
use std::time::Instant as Stopwatch;

use sfu_proto::counters::Counters;
use sfu_proto::dropped::Dropped;
use sfu_proto::ids::MeetingId;
use sfu_proto::srtp::Outbound;
use system_tests::PeerConfig;
use system_tests::rig::source::HEADER_BYTES as HEADER_IN;
use system_tests::rig::{Flow, Rig, Source};

use crate::Shape;

const PASS: Duration = Duration::from_millis(1);
const WARM_UP: Duration = Duration::from_secs(4);
/// A header of ours, as it is written for a slot of these peers.
const HEADER_OUT: usize = 28;

/// What the measured passes took.
#[derive(Debug, Default)]
pub(crate) struct Costs {
    pub receive: Duration,
    pub timeout: Duration,
    pub forward: Duration,
    pub longest_pass: Duration,
    pub forwarded: u64,
    pub expected: u64,
    pub streams: u64,
    pub publishers: usize,
    pub receivers: usize,
    /// Bytes resident that were not before the shard was made.
    pub memory: u64,
    pub lengths: Vec<Lengths>,
    pub dropped: Vec<(&'static str, u64)>,
}

/// Plain packets of one length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    pub out: usize,
    pub packets_out: u64,
    pub incoming: usize,
    pub packets_in: u64,
    /// Packets in a row for one receiver.
    pub run: usize,
}

impl Costs {
    pub(crate) fn all(&self) -> Duration {
        self.receive + self.timeout + self.forward
    }
}

#[derive(Debug)]
struct Sender {
    address: SocketAddr,
    keys: Outbound,
    transport_cc: u16,
    sources: Vec<(Source, bool)>,
}

#[derive(Debug)]
pub(crate) struct Stage {
    shape: Shape,
    rig: Rig,
    senders: Vec<Sender>,
    resident_before: u64,
    arrived: Vec<(SocketAddr, Vec<u8>)>,
    /// Packets put in, of audio and of video.
    sent: [u64; 2],
}

impl Stage {
    pub(crate) fn open(shape: &Shape) -> Self {
        let resident_before = resident();
        let mut stage = Self {
            shape: *shape,
            rig: Rig::default(),
            senders: Vec::new(),
            resident_before,
            arrived: Vec::new(),
            sent: [0; 2],
        };
        for meeting in 1..=shape.meetings {
            stage.open_meeting(MeetingId(meeting.into()));
        }
        stage
    }

    fn open_meeting(&mut self, meeting: MeetingId) {
        self.rig.open_meeting(meeting);
        let is_lone = self.shape.publishers == 1;
        for participant in 1..=self.shape.publishers + self.shape.viewers {
            let publishes = participant <= self.shape.publishers;
            let receives = !(publishes && is_lone);
            let config = PeerConfig {
                audio: publishes && self.shape.audio.is_some(),
                camera: usize::from(publishes && self.shape.video.is_some()),
                audio_slots: if receives { self.shape.audio_slots } else { 0 },
                video_slots: if receives { self.shape.video_slots } else { 0 },
                screen_slots: 0,
                ..PeerConfig::caller(participant)
            };
            self.join(meeting, &config);
        }
    }

    fn join(&mut self, meeting: MeetingId, config: &PeerConfig) {
        let joined = self.rig.join(meeting, config);
        let flows = [
            (self.shape.audio, config.audio),
            (self.shape.video, config.camera > 0),
        ];
        let mut mid = 0;
        let mut sources = Vec::new();
        for (is_audio, (flow, is_sent)) in [true, false].into_iter().zip(flows) {
            if let (Some(flow), true) = (flow, is_sent) {
                let source = Source::new(flow, is_audio, mid, self.rig.now, &mut self.rig.chance);
                sources.push((source, is_audio));
                mid += 1;
            }
        }
        if !sources.is_empty() {
            self.senders.push(Sender {
                address: joined.address,
                keys: Outbound::new(joined.keying.profile, &joined.keying.client),
                transport_cc: 0,
                sources,
            });
        }
    }

    /// Until every slot shows what it should.
    pub(crate) fn warm_up(&mut self) {
        self.run(WARM_UP);
    }

    pub(crate) fn run(&mut self, time: Duration) -> Costs {
        let mut costs = Costs::default();
        let before = self.rig.shard.counters.clone();
        self.sent = [0; 2];
        let end = self.rig.now + time;
        while self.rig.now < end {
            self.rig.now = self.rig.now + PASS;
            self.prepare();
            self.pass(&mut costs);
        }
        self.conclude(&before, &mut costs);
        costs
    }

    /// The publishers' packets that are due, sealed outside of what is measured.
    fn prepare(&mut self) {
        for sender in &mut self.senders {
            for (source, is_audio) in &mut sender.sources {
                while source.next() <= self.rig.now {
                    let count = &mut self.sent[usize::from(!*is_audio)];
                    source.send(&mut sender.transport_cc, &mut sender.keys, |bytes| {
                        *count += 1;
                        self.arrived.push((sender.address, bytes));
                    });
                }
            }
        }
    }

    fn pass(&mut self, costs: &mut Costs) {
        let began = Stopwatch::now();
        for (from, bytes) in &mut self.arrived {
            self.rig.receive(*from, bytes);
        }
        let received = Stopwatch::now();
        self.rig.handle_timeout();
        let timed = Stopwatch::now();
        self.rig.forward(|_| {});
        let done = Stopwatch::now();
        self.arrived.clear();
        costs.receive += received - began;
        costs.timeout += timed - received;
        costs.forward += done - timed;
        costs.longest_pass = costs.longest_pass.max(done - began);
    }

    fn conclude(&self, before: &Counters, costs: &mut Costs) {
        let shape = &self.shape;
        let all = u64::from(shape.publishers + shape.viewers);
        let others = all - 1;
        let receivers = if shape.publishers == 1 { others } else { all };
        let slots = (shape.audio_slots + shape.video_slots) as u64;
        costs.forwarded = self.rig.shard.counters.packets_forwarded - before.packets_forwarded;
        costs.expected = (self.sent[0] + self.sent[1]) * others;
        costs.streams = u64::from(shape.meetings) * receivers * slots;
        costs.publishers = self.senders.len();
        let sessions = usize::try_from(receivers).unwrap_or_default();
        costs.receivers = sessions * shape.meetings as usize;
        costs.memory = resident().saturating_sub(self.resident_before);
        let lengths = |flow: Option<Flow>, sent: u64| {
            flow.map(|flow| Lengths {
                out: HEADER_OUT + flow.payload,
                packets_out: sent * others,
                incoming: HEADER_IN + flow.payload,
                packets_in: sent,
                run: flow.packets as usize,
            })
        };
        costs.lengths = lengths(shape.audio, self.sent[0])
            .into_iter()
            .chain(lengths(shape.video, self.sent[1]))
            .collect();
        costs.dropped = Dropped::ALL
            .iter()
            .map(|why| {
                (
                    why.name(),
                    self.rig.shard.counters.dropped(*why) - before.dropped(*why),
                )
            })
            .filter(|(_, count)| *count > 0)
            .collect();
    }
}

/// Resident bytes of this process.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1);
    pages
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or_default()
        * 4_096
}
