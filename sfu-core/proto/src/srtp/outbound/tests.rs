use std::collections::BTreeSet;

use super::super::testing::{master, rtcp, rtp};
use super::*;

fn all() -> [Outbound; 3] {
    Profile::PREFERENCE.map(|profile| Outbound::new(profile, &master(profile)))
}

fn sealed(outbound: &mut Outbound, index: u64) -> Result<Vec<u8>, Dropped> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower 16 bits are asked for"
    )]
    let mut slot = rtp(1, index as u16);
    slot.resize(outbound.rtp_len(slot.len()), 0);
    outbound.protect_rtp(FIXED_BYTES, index, &mut slot)?;
    Ok(slot)
}

fn sealed_rtcp(outbound: &mut Outbound, ssrc: u32) -> Result<Vec<u8>, Dropped> {
    let mut slot = rtcp(ssrc);
    slot.resize(outbound.rtcp_len(slot.len()), 0);
    outbound.protect_rtcp(&mut slot)?;
    Ok(slot)
}

fn srtcp_index(outbound: &Outbound, slot: &[u8]) -> u32 {
    let at = slot.len() - outbound.profile.srtcp_word_from_end();
    let word = u32::from_be_bytes(*slot[at..].first_chunk().unwrap());
    assert_ne!(word & SRTCP_ENCRYPTED, 0);
    word & !SRTCP_ENCRYPTED
}

/// What a resend without RTX relies on (DESIGN D6): the same bytes seal to the same bytes.
#[test]
fn an_exact_repeat_seals_to_the_same_bytes() {
    for mut outbound in all() {
        let first = sealed(&mut outbound, 0x1_2345).unwrap();
        sealed(&mut outbound, 0x1_2346).unwrap();
        assert_eq!(sealed(&mut outbound, 0x1_2345).unwrap(), first);
    }
}

#[test]
fn the_rollover_counter_changes_every_sealed_byte_string() {
    for mut outbound in all() {
        let first = sealed(&mut outbound, 5).unwrap();
        let next_turn = sealed(&mut outbound, 0x1_0005).unwrap();
        assert_eq!(first[..FIXED_BYTES], next_turn[..FIXED_BYTES]);
        assert_ne!(first[FIXED_BYTES..22], next_turn[FIXED_BYTES..22]);
    }
}

#[test]
fn the_header_stays_in_the_clear_and_the_payload_does_not() {
    for mut outbound in all() {
        let slot = sealed(&mut outbound, 5).unwrap();
        assert_eq!(slot[..FIXED_BYTES], rtp(1, 5)[..FIXED_BYTES]);
        assert_ne!(slot[FIXED_BYTES..22], rtp(1, 5)[FIXED_BYTES..]);
    }
}

#[test]
fn srtcp_indices_count_from_zero_and_never_repeat() {
    for mut outbound in all() {
        let mut seen = BTreeSet::new();
        for count in 0..1_000 {
            let slot = sealed_rtcp(&mut outbound, count % 3).unwrap();
            assert_eq!(srtcp_index(&outbound, &slot), count);
            assert!(seen.insert(slot));
        }
    }
}

#[test]
fn after_2_31_rtcp_packets_the_key_is_spent() {
    for mut outbound in all() {
        outbound.srtcp_index = SRTCP_INDEX_END - 1;
        let last = sealed_rtcp(&mut outbound, 1).unwrap();
        assert_eq!(srtcp_index(&outbound, &last), SRTCP_INDEX_END - 1);
        for _ in 0..3 {
            let dropped = sealed_rtcp(&mut outbound, 1).unwrap_err();
            assert_eq!(dropped, Dropped::SrtpKeyExhausted);
        }
    }
}

#[test]
fn after_2_48_rtp_packets_the_key_is_spent() {
    for mut outbound in all() {
        assert!(sealed(&mut outbound, (1 << 48) - 1).is_ok());
        let dropped = sealed(&mut outbound, 1 << 48).unwrap_err();
        assert_eq!(dropped, Dropped::SrtpKeyExhausted);
    }
}

#[test]
fn a_slot_without_room_is_truncated() {
    for mut outbound in all() {
        for len in 0..outbound.rtp_len(FIXED_BYTES) {
            let dropped = outbound.protect_rtp(FIXED_BYTES, 0, &mut vec![0; len]);
            assert_eq!(dropped, Err(Dropped::Truncated), "{len} bytes");
        }
        for len in 0..outbound.rtcp_len(RTCP_CLEAR_BYTES) {
            let dropped = outbound.protect_rtcp(&mut vec![0; len]);
            assert_eq!(dropped, Err(Dropped::Truncated), "{len} bytes");
        }
        let dropped = outbound.protect_rtp(13, 0, &mut vec![0; outbound.rtp_len(FIXED_BYTES)]);
        assert_eq!(dropped, Err(Dropped::Truncated));
    }
}

#[test]
#[should_panic(expected = "the index must extend the header's sequence")]
#[cfg(debug_assertions)]
fn an_index_of_another_packet_is_a_bug() {
    let [mut outbound, ..] = all();
    let mut slot = rtp(1, 5);
    slot.resize(outbound.rtp_len(slot.len()), 0);
    let _ = outbound.protect_rtp(FIXED_BYTES, 6, &mut slot);
}
