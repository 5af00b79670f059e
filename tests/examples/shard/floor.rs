//! The floor: the same number of packets of the same lengths, opened and sealed under as many keys,
//! and nothing else.

use core::time::Duration;
use std::time::Instant;

use sfu_proto::srtp::{Inbound, KeyingMaterial, Outbound, Profile};
use system_tests::chance::Chance;

use crate::stage::Costs;

/// As wide as a send batch.
const AREA_PACKETS: usize = 1_024;

pub(crate) struct Floor {
    pub time: Duration,
}

impl Floor {
    pub(crate) fn of(costs: &Costs) -> Self {
        let mut time = Duration::ZERO;
        for lengths in &costs.lengths {
            time += seal(
                lengths.out,
                lengths.packets_out,
                costs.receivers,
                lengths.run,
            );
            time += open(lengths.incoming, lengths.packets_in, costs.publishers);
        }
        Self { time }
    }
}

fn keys(chance: &mut Chance) -> KeyingMaterial {
    let profile = Profile::AeadAes128Gcm;
    let exported = chance.bytes(profile.keying_len());
    KeyingMaterial::from_exporter(profile, &exported).expect("as long as the profile asks for")
}

fn plain(len: usize, index: u64) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(index.to_be_bytes()[6..].iter());
    packet.resize(len, 7);
    packet
}

/// Seals `run` packets for each receiver in turn, side by side in a send area.
fn seal(len: usize, packets: u64, receivers: usize, run: usize) -> Duration {
    if packets == 0 {
        return Duration::ZERO;
    }
    let mut chance = Chance::new(5);
    let mut outbound: Vec<_> = (0..receivers.max(1))
        .map(|_| {
            let keys = keys(&mut chance);
            Outbound::new(keys.profile, &keys.server)
        })
        .collect();
    let slot_len = outbound[0].rtp_len(len);
    let mut area = plain(0, 0);
    area.resize(AREA_PACKETS * slot_len, 3);
    let count = outbound.len();
    let (mut done, mut receiver, mut index) = (0, 0, 0_u64);
    let began = Instant::now();
    'all: loop {
        for slots in area.chunks_mut(slot_len * run.max(1)) {
            for (nth, slot) in slots.chunks_exact_mut(slot_len).enumerate() {
                let number = index + nth as u64;
                slot[2..4].copy_from_slice(&number.to_be_bytes()[6..]);
                outbound[receiver]
                    .protect_rtp(28, number, slot)
                    .expect("it can be sealed");
                done += 1;
                if done == packets {
                    break 'all;
                }
            }
            receiver = (receiver + 1) % count;
            index += if receiver == 0 { run as u64 } else { 0 };
        }
    }
    began.elapsed()
}

fn open(len: usize, packets: u64, publishers: usize) -> Duration {
    let mut chance = Chance::new(6);
    let mut pairs: Vec<_> = (0..publishers.max(1))
        .map(|_| {
            let keys = keys(&mut chance);
            let outbound = Outbound::new(keys.profile, &keys.client);
            (outbound, Inbound::new(keys.profile, &keys.client))
        })
        .collect();
    let count = pairs.len();
    let mut time = Duration::ZERO;
    let mut done = 0;
    let mut sealed = Vec::new();
    while done < packets {
        sealed.clear();
        for nth in done..packets.min(done + AREA_PACKETS as u64) {
            let at = usize::try_from(nth).unwrap_or_default();
            let (outbound, _) = &mut pairs[at % count];
            let index = (at / count) as u64;
            let mut packet = plain(len, index);
            packet.resize(outbound.rtp_len(len), 0);
            outbound
                .protect_rtp(12, index, &mut packet)
                .expect("it can be sealed");
            sealed.push((at % count, packet));
        }
        let began = Instant::now();
        for (publisher, packet) in &mut sealed {
            let opened = pairs[*publisher].1.unprotect_rtp(packet);
            assert!(opened.is_ok(), "a packet of the floor does not open");
        }
        time += began.elapsed();
        done += sealed.len() as u64;
    }
    time
}
