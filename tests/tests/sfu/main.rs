//! The whole forwarder in the simulated world: one file for each behaviour.

mod address_change;
mod consent;
mod epoch;
mod full;
mod garbage;
mod hot_meeting;
mod ice_restart;
mod interrupted;
mod join;
mod late_join;
mod leave;
mod loss_recovery;
mod mute;
mod nonce;
mod reorder;
mod replay_attack;
mod screen;
mod simulcast;
mod slot_switch;
mod snapshot;
mod speaker;
mod takeover;
mod trains;
mod viewer_without_rtx;

use core::time::Duration;

use system_tests::peer::video::Seen;
use system_tests::{Conditions, PeerId, World};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A line that loses this much.
fn lossy(loss_per_mille: u32) -> Conditions {
    Conditions {
        loss_per_mille,
        ..Conditions::default()
    }
}

/// What the peer's first video slot has shown.
fn seen(world: &World, peer: PeerId) -> &[Seen] {
    let slot = world.peer(peer).video_slots().next();
    &slot.expect("a video slot").seen
}

/// Frames of the first video slot since `from` frames were seen.
fn seen_since(world: &World, peer: PeerId, from: usize) -> usize {
    seen(world, peer).len() - from
}
