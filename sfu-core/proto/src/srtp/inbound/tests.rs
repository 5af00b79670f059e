use super::super::outbound::Outbound;
use super::super::testing::{master, rtcp, rtp};
use super::*;
use crate::limits::SOURCES_PER_SESSION_MAX;

const SSRC: u32 = 0xcafe_babe;

/// Both ends of one direction, the sender sealing at any index it likes.
struct Pair {
    outbound: Outbound,
    inbound: Inbound,
}

impl Pair {
    fn new(profile: Profile) -> Self {
        Self {
            outbound: Outbound::new(profile, &master(profile)),
            inbound: Inbound::new(profile, &master(profile)),
        }
    }

    fn all() -> [Self; 3] {
        Profile::PREFERENCE.map(Self::new)
    }

    fn seal_plain(&mut self, index: u64, mut packet: Vec<u8>) -> Vec<u8> {
        let header_len = Header::parse(&packet).unwrap().len;
        packet.resize(self.outbound.rtp_len(packet.len()), 0);
        self.outbound
            .protect_rtp(header_len, index, &mut packet)
            .unwrap();
        packet
    }

    fn seal_of(&mut self, ssrc: u32, index: u64) -> Vec<u8> {
        self.seal_plain(index, rtp(ssrc, sequence(index)))
    }

    fn seal(&mut self, index: u64) -> Vec<u8> {
        self.seal_of(SSRC, index)
    }

    fn seal_rtcp(&mut self) -> Vec<u8> {
        let mut packet = rtcp(SSRC);
        packet.resize(self.outbound.rtcp_len(packet.len()), 0);
        self.outbound.protect_rtcp(&mut packet).unwrap();
        packet
    }

    /// Sends the packet with this index; the index that came out, if it did.
    fn pass(&mut self, index: u64) -> Result<u64, Dropped> {
        let mut packet = self.seal(index);
        let opened = self.inbound.unprotect_rtp(&mut packet)?;
        assert_eq!(opened.packet(), rtp(SSRC, sequence(index)));
        Ok(opened.index())
    }

    fn state(&self) -> (Sources<RTP_WINDOW_WORDS>, Sources<RTCP_WINDOW_WORDS>) {
        let Inbound {
            rtp_sources,
            rtcp_sources,
            ..
        } = &self.inbound;
        (rtp_sources.clone(), rtcp_sources.clone())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower 16 bits are asked for"
)]
fn sequence(index: u64) -> u16 {
    index as u16
}

#[test]
fn what_is_sealed_opens_once() {
    for mut pair in Pair::all() {
        for index in 100..1_300 {
            assert_eq!(pair.pass(index), Ok(index));
            assert_eq!(pair.pass(index), Err(Dropped::SrtpReplayed));
        }
        for index in 100..1_300 {
            assert!(pair.pass(index).is_err(), "{index} was played again");
        }
    }
}

#[test]
fn the_window_holds_1024_packets() {
    for mut pair in Pair::all() {
        assert_eq!(pair.pass(5_000), Ok(5_000));
        assert_eq!(pair.pass(5_000 - 1_023), Ok(5_000 - 1_023));
        assert_eq!(pair.pass(5_000 - 1_024), Err(Dropped::SrtpTooOld));
    }
}

#[test]
fn the_rollover_counter_follows_order_and_disorder() {
    for mut pair in Pair::all() {
        let order = [
            0xfff0, 0xffff, 0xfffe, 0x1_0001, 0xfffd, 0x1_0000, 0x1_0002, 0xfffc,
        ];
        for index in order {
            assert_eq!(pair.pass(index), Ok(index));
        }
        for index in order {
            assert_eq!(pair.pass(index), Err(Dropped::SrtpReplayed));
        }
        // Round again, in leaps of less than half a turn (RFC 3711 §3.3.1).
        for index in (0x1_0003..0x5_0000).step_by(0x7ffe) {
            assert_eq!(pair.pass(index), Ok(index));
        }
    }
}

#[test]
fn the_first_packets_may_change_places() {
    for mut pair in Pair::all() {
        for index in [65_533, 65_531, 65_536, 65_535, 65_537, 65_534, 65_532] {
            assert_eq!(pair.pass(index), Ok(index));
        }
    }
}

#[test]
fn nothing_comes_before_index_zero() {
    for mut pair in Pair::all() {
        assert_eq!(pair.pass(3), Ok(3));
        assert_eq!(pair.pass(2), Ok(2));
        let before = pair.state();
        let mut from_the_last_turn = pair.seal(0xfffe);
        let dropped = pair.inbound.unprotect_rtp(&mut from_the_last_turn);
        assert_eq!(dropped.unwrap_err(), Dropped::SrtpTooOld);
        assert_eq!(pair.state(), before);
    }
}

/// A receiver that comes late guesses rollover zero and is wrong: no packet opens, none is noted.
#[test]
fn a_rollover_counter_it_cannot_know_is_a_bad_tag() {
    for mut pair in Pair::all() {
        let before = pair.state();
        for index in 0x1_0000..0x1_0010 {
            assert_eq!(pair.pass(index), Err(Dropped::SrtpBadTag));
        }
        assert_eq!(pair.state(), before);
        assert_eq!(pair.pass(0xffff), Ok(0xffff));
        assert_eq!(pair.pass(0x1_0010), Ok(0x1_0010));
    }
}

/// A stream that rests for more than half a turn comes back under a wrong guess: dropped, and the
/// old state stays.
#[test]
fn a_leap_of_more_than_half_a_turn_is_a_bad_tag() {
    for mut pair in Pair::all() {
        assert_eq!(pair.pass(10), Ok(10));
        assert!(pair.pass(10 + 0x8001).is_err());
        assert_eq!(pair.pass(11), Ok(11));
    }
}

#[test]
fn no_flipped_bit_and_no_cut_is_ever_accepted() {
    for mut pair in Pair::all() {
        assert_eq!(pair.pass(7), Ok(7));
        let sealed_rtp = pair.seal(8);
        let sealed_rtcp = pair.seal_rtcp();
        let before = pair.state();
        for bit in 0..8 * sealed_rtp.len() {
            let mut packet = sealed_rtp.clone();
            packet[bit / 8] ^= 1 << (bit % 8);
            assert!(
                pair.inbound.unprotect_rtp(&mut packet).is_err(),
                "bit {bit}"
            );
        }
        for len in 0..sealed_rtp.len() {
            let mut packet = sealed_rtp[..len].to_vec();
            assert!(pair.inbound.unprotect_rtp(&mut packet).is_err(), "{len}");
        }
        for bit in 0..8 * sealed_rtcp.len() {
            let mut packet = sealed_rtcp.clone();
            packet[bit / 8] ^= 1 << (bit % 8);
            assert!(
                pair.inbound.unprotect_rtcp(&mut packet).is_err(),
                "bit {bit}"
            );
        }
        for len in 0..sealed_rtcp.len() {
            let mut packet = sealed_rtcp[..len].to_vec();
            assert!(pair.inbound.unprotect_rtcp(&mut packet).is_err(), "{len}");
        }
        assert_eq!(pair.state(), before, "a forgery left a trace");
        assert!(pair.inbound.unprotect_rtp(&mut sealed_rtp.clone()).is_ok());
        assert!(
            pair.inbound
                .unprotect_rtcp(&mut sealed_rtcp.clone())
                .is_ok()
        );
    }
}

/// A header length that reaches into the tag, or over it.
#[test]
fn a_header_that_lies_about_its_length_is_truncated() {
    for mut pair in Pair::all() {
        let mut packet = pair.seal_plain(1, rtp(SSRC, 1)[..12].to_vec());
        for csrc_count in 1..16 {
            packet[0] = 0x80 | csrc_count;
            let dropped = pair.inbound.unprotect_rtp(&mut packet).unwrap_err();
            assert_eq!(dropped, Dropped::Truncated);
        }
        let mut extended = [packet.as_slice(), &[0; 8]].concat();
        extended[0] = 0x90;
        for words in [1_u16, 4, 5, 6, 0xffff] {
            extended[14..16].copy_from_slice(&words.to_be_bytes());
            assert!(pair.inbound.unprotect_rtp(&mut extended.clone()).is_err());
        }
    }
}

#[test]
fn an_empty_packet_opens() {
    for mut pair in Pair::all() {
        let mut packet = pair.seal_plain(1, rtp(SSRC, 1)[..12].to_vec());
        let opened = pair.inbound.unprotect_rtp(&mut packet).unwrap();
        assert!(opened.payload().is_empty());
    }
}

#[test]
fn the_header_is_handed_on_and_padding_stripped() {
    for mut pair in Pair::all() {
        let mut plain = vec![0xb1, 0xe0, 0, 9, 0, 0, 0, 1];
        plain.extend(SSRC.to_be_bytes());
        plain.extend([0, 0, 0, 7]); // CSRC
        plain.extend([0xbe, 0xde, 0, 1, 0x10, 0x80, 0, 0]);
        plain.extend(*b"media");
        plain.extend([0, 0, 3]);
        let mut packet = pair.seal_plain(9, plain.clone());
        let opened = pair.inbound.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(opened.packet(), plain);
        assert_eq!(opened.payload(), b"media");
        assert_eq!(opened.padding_len(), 3);
        assert_eq!(opened.header(), &Header::parse(&plain).unwrap());
    }
}

#[test]
fn impossible_padding_is_dropped_though_authentic() {
    for mut pair in Pair::all() {
        let mut plain = rtp(SSRC, 1);
        plain[0] |= 0x20;
        *plain.last_mut().unwrap() = 200;
        let mut packet = pair.seal_plain(1, plain);
        let dropped = pair.inbound.unprotect_rtp(&mut packet).unwrap_err();
        assert_eq!(dropped, Dropped::Malformed);
    }
}

#[test]
fn sources_have_windows_of_their_own() {
    for mut pair in Pair::all() {
        for ssrc in 1..=4 {
            for index in [70, 71] {
                let mut sealed = pair.seal_of(ssrc, index);
                let mut again = sealed.clone();
                assert!(pair.inbound.unprotect_rtp(&mut sealed).is_ok());
                let dropped = pair.inbound.unprotect_rtp(&mut again).unwrap_err();
                assert_eq!(dropped, Dropped::SrtpReplayed);
            }
        }
    }
}

#[test]
fn forged_sources_take_no_place_and_real_ones_only_as_many_as_there_are() {
    for mut pair in Pair::all() {
        for ssrc in 0..100_000 {
            assert!(pair.inbound.unprotect_rtp(&mut rtp(ssrc, 1)).is_err());
        }
        let count = u32::try_from(SOURCES_PER_SESSION_MAX).unwrap();
        for ssrc in 0..count {
            let mut packet = pair.seal_of(ssrc, 1);
            assert!(pair.inbound.unprotect_rtp(&mut packet).is_ok());
        }
        let mut packet = pair.seal_of(count, 1);
        let dropped = pair.inbound.unprotect_rtp(&mut packet).unwrap_err();
        assert_eq!(dropped, Dropped::SrtpSourcesFull);
        let mut packet = pair.seal_of(0, 2);
        assert!(pair.inbound.unprotect_rtp(&mut packet).is_ok());
    }
}

#[test]
fn keys_of_the_other_direction_or_profile_open_nothing() {
    for sealing in Profile::PREFERENCE {
        let sealed = Pair::new(sealing).seal(1);
        let sealed_rtcp = Pair::new(sealing).seal_rtcp();
        for opening in Profile::PREFERENCE {
            let (key, salt) = (vec![9; opening.key_len()], vec![9; opening.salt_len()]);
            let other = MasterKey::new(opening, &key, &salt).unwrap();
            let mut inbound = Inbound::new(opening, &other);
            assert!(inbound.unprotect_rtp(&mut sealed.clone()).is_err());
            assert!(inbound.unprotect_rtcp(&mut sealed_rtcp.clone()).is_err());
        }
    }
}

#[test]
fn rtcp_opens_once_in_any_order_within_its_window() {
    for mut pair in Pair::all() {
        let sealed: Vec<_> = (0..300).map(|_| pair.seal_rtcp()).collect();
        let mut open = |at: usize| match pair.inbound.unprotect_rtcp(&mut sealed[at].clone()) {
            Ok(opened) => {
                assert_eq!(opened.bytes(), rtcp(SSRC));
                None
            }
            Err(dropped) => Some(dropped),
        };
        assert_eq!(open(200), None);
        assert_eq!(open(200), Some(Dropped::SrtpReplayed));
        assert_eq!(open(200 - 127), None);
        assert_eq!(open(200 - 128), Some(Dropped::SrtpTooOld));
        assert_eq!(open(299), None);
        assert_eq!(open(298), None);
        assert_eq!(open(298), Some(Dropped::SrtpReplayed));
    }
}

#[test]
fn rtcp_and_rtp_do_not_open_as_each_other() {
    for mut pair in Pair::all() {
        let (mut sealed_rtp, mut sealed_rtcp) = (pair.seal(1), pair.seal_rtcp());
        assert!(pair.inbound.unprotect_rtcp(&mut sealed_rtp).is_err());
        assert!(pair.inbound.unprotect_rtp(&mut sealed_rtcp).is_err());
    }
}

#[test]
fn unencrypted_or_foreign_rtcp_is_malformed() {
    for mut pair in Pair::all() {
        let sealed = pair.seal_rtcp();
        let word_at = sealed.len() - pair.inbound.profile.srtcp_word_from_end();
        let mut clear = sealed.clone();
        clear[word_at] &= 0x7f;
        let dropped = pair.inbound.unprotect_rtcp(&mut clear).unwrap_err();
        assert_eq!(dropped, Dropped::Malformed);
        let mut version_one = sealed;
        version_one[0] = 0x40;
        let dropped = pair.inbound.unprotect_rtcp(&mut version_one).unwrap_err();
        assert_eq!(dropped, Dropped::Malformed);
    }
}

#[test]
fn what_is_printed_holds_no_key() {
    for pair in Pair::all() {
        let printed = format!("{:?} {:?}", pair.inbound, pair.outbound);
        assert!(!printed.contains('['), "{printed}");
    }
}
