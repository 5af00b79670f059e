//! A viewer that has no repair stream gets its repairs as it got them the first time, bit for bit:
//! anything else would seal two packets under one nonce (DESIGN D6).

use sfu_proto::srtp::Profile;
use system_tests::{PeerConfig, World};

use crate::{lossy, ms, secs, seen};

#[test]
fn repeats_are_bit_identical() {
    for profile in Profile::PREFERENCE {
        let mut world = World::new(150);
        for who in 1..=3 {
            world.join(PeerConfig::publisher(who));
        }
        let viewer = world.join(PeerConfig {
            rtx: false,
            profile,
            video_slots: 1,
            ..PeerConfig::viewer(9)
        });
        world.run_for(secs(1));
        world.set_conditions(viewer, lossy(100));
        for round in 0..30 {
            world.watch(viewer, &[(1 + round % 3, 360)]);
            world.run_for(ms(400));
        }
        // The audit compares: the same nonce, the same bytes.
        world.assert_sound();
        assert!(
            world.audit.repeated > 50,
            "{} repeats",
            world.audit.repeated
        );
        assert!(world.shard.counters.packets_resent >= world.audit.repeated);
        assert!(
            seen(&world, viewer).len() > 250,
            "{}",
            seen(&world, viewer).len()
        );
    }
}
