//! A world with several workers, each with a shard and a part of the meeting, and a worker's pass.

use sfu_proto::control::{Command, Order, Outcome};
use sfu_proto::ids::{Epoch, MeetingId, OperationId};
use sfu_proto::shard::{Shard, ShardConfig, Spread};

use super::{MEETING, PeerId, World};
use crate::lanes::Lanes;
use crate::peer::PeerConfig;

impl World {
    /// The meeting has a part on each of `workers` workers; the first is its home.
    pub fn spread(seed: u64, workers: u8) -> Self {
        let mut world = Self::new(seed);
        for worker in 1..workers {
            let config = ShardConfig {
                worker,
                seed: *world.chance.bytes(32).first_chunk().expect("32 bytes"),
                ..world.config.clone()
            };
            world.others.push(Shard::new(config));
        }
        world.lanes = Lanes::new(usize::from(workers));
        assert_eq!(world.command(Command::OpenMeeting), Outcome::Done);
        let spread = Spread {
            home: 0,
            parts: (0..workers).collect(),
        };
        for worker in 0..usize::from(workers) {
            world.at(worker).spread(MEETING, &spread);
        }
        world
    }

    /// The shard of this worker.
    pub fn at(&mut self, worker: usize) -> &mut Shard {
        shard_at(&mut self.shard, &mut self.others, worker)
    }

    /// The same on another worker's part of the meeting.
    ///
    /// # Panics
    ///
    /// If the shard refuses.
    pub fn join_at(&mut self, worker: usize, config: PeerConfig) -> PeerId {
        let joined = self.try_join_at(worker, config);
        joined.expect("there is room for this peer")
    }

    /// The same, only to this worker.
    pub(super) fn order_at(
        &mut self,
        worker: usize,
        meeting: MeetingId,
        epoch: Epoch,
        command: Command,
    ) -> Outcome {
        self.next_operation += 1;
        let operation = OperationId(self.next_operation);
        let order = Order {
            operation,
            meeting,
            epoch,
            command,
        };
        let now = self.now();
        self.at(worker).handle_order(now, order);
        self.carry_out_effects(worker);
        let answer = self.answers.iter().find(|(id, _)| *id == operation);
        answer.expect("every order is answered").1.clone()
    }

    pub(super) fn finish_pass_of(&mut self, worker: usize) {
        let (now, workers) = (self.now(), self.others.len());
        let shard = shard_at(&mut self.shard, &mut self.others, worker);
        (self.around_shard)(true);
        for (from, index) in (0..).zip(0..=workers) {
            self.lanes.take(index, worker, |message| {
                shard.handle_handover(now, from, message);
            });
        }
        shard.handle_timeout(now, &mut self.batch);
        (self.around_shard)(false);
        self.carry_out_effects(worker);
        let shard = shard_at(&mut self.shard, &mut self.others, worker);
        (self.around_shard)(true);
        shard.hand_over(now, &mut self.lanes.from(worker));
        (self.around_shard)(false);
        let mut sent = 0;
        loop {
            let shard = shard_at(&mut self.shard, &mut self.others, worker);
            (self.around_shard)(true);
            let is_done = shard.forward(now, &mut self.batch);
            (self.around_shard)(false);
            sent += self.batch.outgoing().len();
            self.flush();
            if is_done || sent >= self.sent_per_pass_max {
                return;
            }
        }
    }
}

/// For the sake of the borrow checker: the world's other fields stay free.
pub(super) fn shard_at<'a>(
    home: &'a mut Shard,
    others: &'a mut [Shard],
    worker: usize,
) -> &'a mut Shard {
    match worker.checked_sub(1) {
        None => home,
        Some(other) => &mut others[other],
    }
}
