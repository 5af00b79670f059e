//! A shard whose sessions are simply given their keys, for measuring: no network, no handshake, and
//! nobody looks at what comes out. [`World`](crate::World) has all that.

pub mod source;

use core::net::SocketAddr;
use core::time::Duration;

use sfu_proto::control::{Command, Fingerprint, Order, Outcome, SessionOpened};
use sfu_proto::ids::{Epoch, MeetingId, OperationId, SessionId};
use sfu_proto::limits;
use sfu_proto::packet::{Datagram, SendBatch};
use sfu_proto::shard::{Effect, HandshakeEvent, Shard, ShardConfig};
use sfu_proto::srtp::{CryptoBackend, KeyingMaterial};
use sfu_proto::time::{Instant, NtpTime, WallClock};

use crate::PeerConfig;
use crate::chance::Chance;
use crate::peer::ice::{self, Ice};
use crate::world::route;

pub use source::{Flow, Source};

#[derive(Debug)]
pub struct Rig {
    pub now: Instant,
    pub shard: Shard,
    pub batch: SendBatch,
    pub chance: Chance,
    sessions: u64,
    operations: u128,
}

/// A session of the rig, as its participant knows it.
#[derive(Debug)]
pub struct Joined {
    pub address: SocketAddr,
    pub keying: KeyingMaterial,
    ice: Ice,
}

impl Default for Rig {
    fn default() -> Self {
        let config = ShardConfig {
            worker: 0,
            seed: [3; 32],
            wall: WallClock {
                ntp_at_zero: NtpTime::from_unix(Duration::from_secs(1_800_000_000)),
            },
            fingerprint: Fingerprint([1; 32]),
            candidates: vec![([192, 0, 2, 1], 3_478).into()],
            crypto: CryptoBackend::default(),
            pads_packets: true,
        };
        Self {
            now: Instant::from_nanos(1_000_000_000),
            shard: Shard::new(config),
            batch: SendBatch::new(limits::BATCH_BYTES_MAX, limits::BATCH_DATAGRAMS_MAX),
            chance: Chance::new(1),
            sessions: 0,
            operations: 0,
        }
    }
}

impl Rig {
    pub fn open_meeting(&mut self, meeting: MeetingId) {
        self.order(meeting, Command::OpenMeeting);
    }

    /// A session that has passed its first check and has its keys.
    ///
    /// # Panics
    ///
    /// If the shard has no room for it.
    pub fn join(&mut self, meeting: MeetingId, config: &PeerConfig) -> Joined {
        self.sessions += 1;
        let session = SessionId(self.sessions.into());
        let local = ice::credentials(&mut self.chance);
        let plan = config.plan(local.clone());
        let opened = self.order(meeting, Command::OpenSession { session, plan });
        let opened = opened.expect("the shard has room");
        let [_, a, b, c] = u32::try_from(self.sessions)
            .unwrap_or_default()
            .to_be_bytes();
        let address = ([10, a, b, c], 5_000).into();
        let exported = self.chance.bytes(config.profile.keying_len());
        let keying = KeyingMaterial::from_exporter(config.profile, &exported)
            .expect("as long as the profile asks for");
        let mut joined = Joined {
            address,
            keying: keying.clone(),
            ice: Ice::new(local, opened.ice, self.now, self.chance.fork()),
        };
        self.check(&mut joined);
        let event = HandshakeEvent::Keys(keying);
        self.shard
            .handle_handshake(self.now, session, event, &mut self.batch);
        self.batch.clear();
        joined
    }

    /// Sends the ICE check that is due, if one is: without them consent expires.
    pub fn check(&mut self, joined: &mut Joined) {
        let Some(mut check) = joined.ice.check(self.now) else {
            return;
        };
        self.batch.clear();
        self.receive(joined.address, &mut check);
        for answer in self.batch.outgoing() {
            joined.ice.answered(self.batch.bytes(answer));
        }
        self.batch.clear();
    }

    /// One datagram, as it has arrived just now.
    pub fn receive(&mut self, from: SocketAddr, bytes: &mut [u8]) {
        let datagram = Datagram {
            route: route(from),
            arrival: self.now,
            bytes,
        };
        self.shard
            .handle_datagram(self.now, datagram, &mut self.batch);
    }

    /// What goes by the clock: feedback, reports, expiry, who is where.
    pub fn handle_timeout(&mut self) {
        self.shard.handle_timeout(self.now, &mut self.batch);
        drop(self.shard.effects());
    }

    /// Forwards all that has been received; `sent` sees each batch as it would go to the kernel.
    pub fn forward(&mut self, mut sent: impl FnMut(&SendBatch)) {
        while !self.shard.forward(self.now, &mut self.batch) {
            sent(&self.batch);
            self.batch.clear();
        }
        sent(&self.batch);
        self.batch.clear();
    }

    fn order(&mut self, meeting: MeetingId, command: Command) -> Option<SessionOpened> {
        self.operations += 1;
        let order = Order {
            operation: OperationId(self.operations),
            meeting,
            epoch: Epoch(1),
            command,
        };
        self.shard.handle_order(self.now, order);
        let mut outcomes = self.shard.effects().filter_map(|effect| match effect {
            Effect::Answer { outcome, .. } => Some(outcome),
            _ => None,
        });
        match outcomes.next() {
            Some(Outcome::SessionOpened(opened)) => Some(opened),
            Some(Outcome::Refused(why)) => panic!("refused: {why:?}"),
            _ => None,
        }
    }
}
