//! The world: one shard or several, a network, peers. It moves from deadline to deadline, and each step is a
//! pass of the worker, in the worker's order (DESIGN D4).

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;

use sfu_proto::control::{
    Command, Fingerprint, IceCredentials, Outcome, Refusal, Report, SessionEnd, SessionOpened,
    SessionPhase, Source, Wanted,
};
use sfu_proto::dropped::Dropped;
use sfu_proto::ids::{Epoch, MeetingId, OperationId, ParticipantId, SessionId};
use sfu_proto::limits;
use sfu_proto::packet::{Datagram, Route, SendBatch, SocketIndex};
use sfu_proto::shard::{Effect, HandshakeEvent, Shard, ShardConfig};
use sfu_proto::srtp::CryptoBackend;
use sfu_proto::time::{Instant, NtpTime, WallClock};

use crate::audit::Audit;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::lanes::Lanes;
use crate::network::{Conditions, Network, Way};
use crate::peer::{Peer, PeerConfig, ice};

mod workers;

use workers::shard_at;

/// The meeting of every test that does not open another.
pub const MEETING: MeetingId = MeetingId(1);
pub const EPOCH: Epoch = Epoch(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub usize);

#[derive(Debug)]
pub struct World {
    pub chance: Chance,
    clock: Clock,
    wall: WallClock,
    config: ShardConfig,
    /// Of the first worker, the home of the meeting.
    pub shard: Shard,
    /// Of the further workers, if the meeting is spread.
    pub others: Vec<Shard>,
    pub lanes: Lanes,
    batch: SendBatch,
    pub network: Network,
    pub audit: Audit,
    peers: Vec<Peer>,
    /// The worker of each peer.
    workers: Vec<usize>,
    sessions: HashMap<SessionId, PeerId>,
    next_operation: u128,
    answers: Vec<(OperationId, Outcome)>,
    /// What the shard has reported, with the time.
    pub reports: Vec<(Instant, Report)>,
    /// What the shard has sent, if a test wants to look at it.
    pub sent: Option<Vec<(PeerId, Vec<u8>)>>,
    /// What has reached the shard, if a test wants to play it again.
    pub recording: Option<Vec<(SocketAddr, Vec<u8>)>>,
    /// Told `true` before the shard works on the packet path and `false` after it.
    pub around_shard: fn(bool),
    /// Sessions that nobody shakes hands with: they stay as they are.
    pub handshakes_stall: bool,
    /// So many datagrams are sent in one pass, give or take a batch; the rest waits for the next.
    sent_per_pass_max: usize,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self::configured(seed, |_| ())
    }

    /// With another configuration than the usual.
    pub fn configured(seed: u64, change: impl FnOnce(&mut ShardConfig)) -> Self {
        let mut chance = Chance::new(seed);
        let wall = WallClock {
            ntp_at_zero: NtpTime::from_unix(Duration::from_secs(1_800_000_000)),
        };
        let mut config = ShardConfig {
            worker: 0,
            seed: *chance.bytes(32).first_chunk().expect("32 bytes"),
            wall,
            fingerprint: Fingerprint([1; 32]),
            candidates: vec![([192, 0, 2, 1], 3_478).into()],
            crypto: CryptoBackend::default(),
            pads_packets: true,
        };
        change(&mut config);
        let mut world = Self {
            network: Network::new(chance.fork()),
            chance,
            clock: Clock::default(),
            wall,
            shard: Shard::new(config.clone()),
            config,
            others: Vec::new(),
            lanes: Lanes::new(1),
            batch: SendBatch::new(limits::BATCH_BYTES_MAX, limits::BATCH_DATAGRAMS_MAX),
            audit: Audit::default(),
            peers: Vec::new(),
            workers: Vec::new(),
            sessions: HashMap::new(),
            next_operation: 0,
            answers: Vec::new(),
            reports: Vec::new(),
            sent: None,
            recording: None,
            around_shard: |_| (),
            handshakes_stall: false,
            sent_per_pass_max: limits::SENT_PER_PASS_MAX,
        };
        assert_eq!(world.command(Command::OpenMeeting), Outcome::Done);
        world
    }

    pub const fn now(&self) -> Instant {
        self.clock.now()
    }

    pub fn peer(&self, id: PeerId) -> &Peer {
        &self.peers[id.0]
    }

    pub fn peer_mut(&mut self, id: PeerId) -> &mut Peer {
        &mut self.peers[id.0]
    }

    pub fn peers(&self) -> impl Iterator<Item = PeerId> + use<> {
        (0..self.peers.len()).map(PeerId)
    }

    pub fn dropped(&self, why: Dropped) -> u64 {
        self.shard.counters.dropped(why)
    }

    /// A good or a bad line, both ways.
    pub fn set_conditions(&mut self, peer: PeerId, conditions: Conditions) {
        *self.network.up(peer) = conditions;
        *self.network.down(peer) = conditions;
    }

    /// From now on a pass sends no more than this, and what it leaves is sent when something else has
    /// come: a round of forwarding is cut into many.
    pub fn send_at_most(&mut self, datagrams: usize) {
        self.batch = SendBatch::new(datagrams * limits::DATAGRAM_BYTES_MAX, datagrams);
        self.sent_per_pass_max = datagrams;
    }

    // ---- Orders ----------------------------------------------------------------------------

    pub fn command(&mut self, command: Command) -> Outcome {
        self.order(MEETING, EPOCH, command)
    }

    pub fn order(&mut self, meeting: MeetingId, epoch: Epoch, command: Command) -> Outcome {
        let about = match &command {
            Command::CloseSession { session }
            | Command::RestartIce { session, .. }
            | Command::Watch { session, .. } => self.sessions.get(session),
            _ => None,
        };
        if let Some(peer) = about {
            return self.order_at(self.workers[peer.0], meeting, epoch, command);
        }
        let outcomes = (0..=self.others.len())
            .map(|worker| self.order_at(worker, meeting, epoch, command.clone()))
            .collect::<Vec<_>>();
        outcomes[0].clone()
    }

    /// Opens a session and sets its peer to work.
    ///
    /// # Panics
    ///
    /// If the shard refuses; see [`try_join`](Self::try_join).
    pub fn join(&mut self, config: PeerConfig) -> PeerId {
        self.try_join(config).expect("there is room for this peer")
    }

    pub fn try_join(&mut self, config: PeerConfig) -> Result<PeerId, Refusal> {
        self.try_join_at(0, config)
    }

    fn try_join_at(&mut self, worker: usize, config: PeerConfig) -> Result<PeerId, Refusal> {
        let id = PeerId(self.peers.len());
        let session = SessionId(1_000 + id.0 as u128);
        let local = ice::credentials(&mut self.chance);
        let plan = config.plan(local.clone());
        let command = Command::OpenSession {
            session,
            plan: plan.clone(),
        };
        let opened = opened(self.order_at(worker, MEETING, EPOCH, command))?;
        let address = self.new_address();
        self.network.settle(id, address);
        let (now, described) = (self.now(), (&plan, &opened));
        let chance = &mut self.chance;
        let peer = Peer::new(config, session, address, local, described, now, chance);
        self.peers.push(peer);
        self.workers.push(worker);
        self.sessions.insert(session, id);
        Ok(id)
    }

    /// An order about the peer's session that the shard must carry out.
    pub fn close(&mut self, peer: PeerId) {
        let session = self.peer(peer).session;
        assert_eq!(
            self.command(Command::CloseSession { session }),
            Outcome::Done
        );
    }

    pub fn mute(&mut self, peer: PeerId, source: Source, muted: bool) {
        let participant = ParticipantId(self.peer(peer).config.participant);
        let command = Command::Mute {
            participant,
            source,
            muted,
        };
        assert_eq!(self.command(command), Outcome::Done);
    }

    /// The peer's page shows these participants' cameras, at these heights.
    pub fn watch(&mut self, peer: PeerId, wanted: &[(u32, u16)]) {
        let wanted = wanted.iter().map(|&(participant, height)| Wanted {
            participant: ParticipantId(participant),
            height,
        });
        let command = Command::Watch {
            session: self.peer(peer).session,
            wanted: Some(wanted.collect()),
        };
        assert_eq!(self.command(command), Outcome::Done);
    }

    /// Orders an ICE restart; returns the peer's new credentials and ours, for it to take up.
    pub fn restart_ice(&mut self, peer: PeerId) -> (IceCredentials, IceCredentials) {
        let remote = ice::credentials(&mut self.chance);
        let command = Command::RestartIce {
            session: self.peer(peer).session,
            remote: remote.clone(),
        };
        let opened = opened(self.command(command)).expect("the session lives");
        (remote, opened.ice)
    }

    // ---- Addresses -------------------------------------------------------------------------

    pub fn new_address(&mut self) -> SocketAddr {
        loop {
            let [a, b, port @ ..] = self.chance.word().to_be_bytes();
            let address = ([10, 7, a, b], u16::from_be_bytes(port).max(1_024)).into();
            if self.network.peer_at(address).is_none() {
                return address;
            }
        }
    }

    /// The peer changes networks and knows it: it checks at once from the new address.
    pub fn move_peer(&mut self, peer: PeerId) -> SocketAddr {
        let now = self.now();
        let address = self.rebind(peer);
        self.peer_mut(peer).ice.begin_again(now);
        address
    }

    /// A NAT between gives the peer another address, and the peer does not notice.
    pub fn rebind(&mut self, peer: PeerId) -> SocketAddr {
        let address = self.new_address();
        self.network.leave(self.peer(peer).address);
        self.network.settle(peer, address);
        self.peer_mut(peer).address = address;
        address
    }

    /// Sends a datagram from anywhere.
    pub fn inject(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.network.send(self.clock.now(), Way::Up(from), bytes);
    }

    // ---- Time ------------------------------------------------------------------------------

    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now() + duration;
        while self.next_deadline() <= end {
            self.step();
        }
        self.clock.advance_to(end);
    }

    /// Runs until `done`, at most for `most`; says how long it took.
    pub fn run_until(
        &mut self,
        most: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> Option<Duration> {
        let began = self.now();
        while self.now().since(began) <= most {
            if done(self) {
                return Some(self.now().since(began));
            }
            self.step();
        }
        None
    }

    fn next_deadline(&self) -> Instant {
        if !self.lanes.are_empty() {
            return self.now(); // Who writes into a lane wakes its reader.
        }
        let shards = self.others.iter().chain([&self.shard]);
        let peers = self.peers.iter().map(Peer::deadline);
        peers
            .chain(shards.map(Shard::next_deadline))
            .fold(self.network.next_arrival(), Instant::min)
    }

    /// Goes to the next deadline: the peers act, then each worker makes a pass.
    pub fn step(&mut self) {
        self.clock.advance_to(self.next_deadline());
        let now = self.now();
        let ntp = self.wall.ntp(now);
        let mut out = Vec::new();
        for index in 0..self.peers.len() {
            if self.peers[index].deadline() <= now {
                self.peers[index].tick(now, ntp, &mut out);
                self.post(PeerId(index), &mut out);
            }
        }
        let mut received = 0;
        while received < limits::RECEIVED_PER_PASS_MAX
            && let Some((way, bytes)) = self.network.arrived(now)
        {
            match way {
                Way::Up(from) => {
                    received += 1;
                    self.deliver(from, bytes);
                }
                Way::Down(to) => {
                    if let Some(peer) = self.network.peer_at(to) {
                        self.peers[peer.0].receive(now, bytes, &mut out);
                        self.post(peer, &mut out);
                    }
                }
            }
        }
        self.finish_pass();
    }

    fn post(&mut self, peer: PeerId, out: &mut Vec<Vec<u8>>) {
        let from = self.peer(peer).address;
        for bytes in out.drain(..) {
            self.network.send(self.clock.now(), Way::Up(from), &bytes);
        }
    }

    /// Receive: one datagram of the pass.
    fn deliver(&mut self, from: SocketAddr, mut bytes: Vec<u8>) {
        if let Some(recording) = &mut self.recording {
            recording.push((from, bytes.clone()));
        }
        let now = self.now();
        let datagram = Datagram {
            route: route(from),
            arrival: now,
            bytes: &mut bytes,
        };
        // Each worker has its own port.
        let peer = self.network.peer_at(from);
        let worker = peer.map_or(0, |peer| self.workers[peer.0]);
        (self.around_shard)(true);
        shard_at(&mut self.shard, &mut self.others, worker).handle_datagram(
            now,
            datagram,
            &mut self.batch,
        );
        (self.around_shard)(false);
    }

    /// Hands one datagram to the shard at once, around the network, and makes a pass.
    pub fn deliver_now(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.deliver(from, bytes.to_vec());
        self.finish_pass();
    }

    fn finish_pass(&mut self) {
        for worker in 0..=self.others.len() {
            self.finish_pass_of(worker);
        }
    }

    fn flush(&mut self) {
        let now = self.now();
        for outgoing in self.batch.outgoing() {
            let bytes = self.batch.bytes(outgoing);
            let to = outgoing.route.remote;
            if let Some(peer) = self.network.peer_at(to) {
                let profile = self.peers[peer.0].config.profile;
                self.audit.sent(peer, profile, bytes);
                if let Some(sent) = &mut self.sent {
                    sent.push((peer, bytes.to_vec()));
                }
            }
            self.network.send(now, Way::Down(to), bytes);
        }
        self.batch.clear();
    }

    fn carry_out_effects(&mut self, worker: usize) {
        let effects: Vec<_> = self.at(worker).effects().collect();
        for effect in effects {
            match effect {
                Effect::Answer { operation, outcome } => self.answers.push((operation, outcome)),
                Effect::Report(report) => self.reports.push((self.now(), report)),
                Effect::HandshakeRecords { session, .. } => self.shake_hands(session),
                Effect::HandshakeBegin { .. } | Effect::HandshakeEnd { .. } => (),
            }
        }
    }

    /// The handshake thread: the client's first flight brings keys, every one a last flight back.
    fn shake_hands(&mut self, session: SessionId) {
        let Some(peer) = self.sessions.get(&session).copied() else {
            return;
        };
        if self.handshakes_stall {
            return;
        }
        let (now, worker) = (self.now(), self.workers[peer.0]);
        if self.phase(peer) == Some(SessionPhase::Handshaking) {
            let keys = HandshakeEvent::Keys(self.peer(peer).keying.clone());
            shard_at(&mut self.shard, &mut self.others, worker).handle_handshake(
                now,
                session,
                keys,
                &mut self.batch,
            );
            self.carry_out_effects(worker);
        }
        let finished = HandshakeEvent::Records(vec![22, 0xfe, 0xfd, 0]);
        shard_at(&mut self.shard, &mut self.others, worker).handle_handshake(
            now,
            session,
            finished,
            &mut self.batch,
        );
    }

    // ---- What has happened -----------------------------------------------------------------

    /// The last phase that was reported of the peer's session.
    pub fn phase(&self, peer: PeerId) -> Option<SessionPhase> {
        let id = self.peer(peer).session;
        self.reports
            .iter()
            .rev()
            .find_map(|(_, report)| match report {
                Report::Session { session, phase, .. } if *session == id => Some(*phase),
                _ => None,
            })
    }

    pub fn end_of(&self, peer: PeerId) -> Option<SessionEnd> {
        match self.phase(peer) {
            Some(SessionPhase::Closed(why)) => Some(why),
            _ => None,
        }
    }

    /// Whom the peer's slots carried when that was last reported.
    pub fn slots_reported(&self, peer: PeerId) -> Vec<Option<(u32, Source)>> {
        let id = self.peer(peer).session;
        let slots = self
            .reports
            .iter()
            .rev()
            .find_map(|(_, report)| match report {
                Report::Slots { session, slots, .. } if *session == id => Some(slots),
                _ => None,
            });
        let shown = |s: &sfu_proto::control::SlotState| s.showing.map(|(who, what)| (who.0, what));
        slots
            .map(|slots| slots.iter().map(shown).collect())
            .unwrap_or_default()
    }

    /// Nobody has found anything wrong: no peer, and not the audit.
    ///
    /// # Panics
    ///
    /// With the first faults, if there are any.
    pub fn assert_sound(&self) {
        let peers = self.peers().flat_map(|id| {
            let faults = self.peer(id).all_faults();
            faults.map(move |fault| format!("{id:?}: {fault}"))
        });
        let faults: Vec<_> = self.audit.faults.iter().cloned().chain(peers).collect();
        assert!(
            faults.is_empty(),
            "{} faults, the first: {:#?}",
            faults.len(),
            &faults[..faults.len().min(5)]
        );
    }
}

/// How the shard sees a datagram from `remote`.
pub const fn route(remote: SocketAddr) -> Route {
    Route {
        socket: SocketIndex(0),
        remote,
    }
}

fn opened(outcome: Outcome) -> Result<SessionOpened, Refusal> {
    match outcome {
        Outcome::SessionOpened(opened) => Ok(opened),
        Outcome::Refused(refusal) => Err(refusal),
        Outcome::Done => panic!("an order for a session was only done"),
    }
}
