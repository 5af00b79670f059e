use super::*;

const RATE: u32 = 90_000;
const FIRST: u64 = 0x1_fff0;

fn at_millis(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// Packets of a source whose timestamps and arrivals keep step, one every millisecond.
fn steady(sequences: impl IntoIterator<Item = u64>) -> Reception {
    let mut reception = Reception::new(RATE);
    for sequence in sequences {
        let millis = sequence - FIRST;
        let timestamp = u32::try_from(millis * 90).unwrap();
        reception.packet(sequence, timestamp, at_millis(millis));
    }
    reception
}

fn report(reception: &mut Reception) -> ReportBlock {
    reception.report(Ssrc(7), at_millis(1_000)).unwrap()
}

#[test]
fn before_the_first_packet_there_is_nothing_to_report() {
    assert_eq!(Reception::new(RATE).report(Ssrc(7), at_millis(0)), None);
}

#[test]
fn a_whole_stream_has_no_loss_and_no_jitter() {
    let block = report(&mut steady(FIRST..FIRST + 100));
    assert_eq!(block.ssrc, Ssrc(7));
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0));
    assert_eq!(block.jitter, 0);
}

#[test]
fn the_highest_sequence_counts_cycles_from_the_first_packet() {
    let block = report(&mut steady([FIRST]));
    assert_eq!(block.highest_sequence, 0xfff0);
    let block = report(&mut steady(FIRST..=FIRST + 0x20));
    assert_eq!(block.highest_sequence, 0x1_0010);
}

#[test]
fn appendix_a_3_loss_is_counted_whole_and_by_interval() {
    let every_fourth_lost = |from: u64| (from..from + 100).filter(|sequence| sequence % 4 != 3);
    let mut reception = steady(every_fourth_lost(FIRST));
    // The last of the hundred is itself lost and not yet known to be.
    let block = report(&mut reception);
    assert_eq!(block.cumulative_lost, 24);
    assert_eq!(u64::from(block.fraction_lost), 24 * 256 / 99);

    for sequence in FIRST + 99..FIRST + 200 {
        reception.packet(sequence, 0, at_millis(0));
    }
    let block = report(&mut reception);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 24));
}

#[test]
fn duplicates_make_the_loss_negative_and_the_fraction_zero() {
    let mut reception = steady([FIRST, FIRST, FIRST, FIRST + 1]);
    let block = report(&mut reception);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, -2));
}

#[test]
fn a_whole_interval_lost_is_all_of_256() {
    let mut reception = steady([FIRST]);
    report(&mut reception);
    let block = report(&mut reception);
    assert_eq!(block.fraction_lost, 0, "nothing was expected");
    reception.packet(FIRST + 100_000, 0, at_millis(1));
    assert_eq!(report(&mut reception).fraction_lost, 255);
}

#[test]
fn reordering_is_no_loss() {
    let mut reception = steady([FIRST + 1, FIRST, FIRST + 3, FIRST + 2]);
    assert_eq!(report(&mut reception).cumulative_lost, 0);
}

#[test]
fn appendix_a_8_jitter_gains_a_sixteenth_of_each_difference() {
    let mut reception = Reception::new(RATE);
    reception.packet(1, 0, at_millis(0));
    // 16 ms late are 1,440 units.
    reception.packet(2, 0, at_millis(16));
    assert_eq!(report(&mut reception).jitter, 1_440 / 16);
    // In step again with the one before: a sixteenth is lost.
    reception.packet(3, 0, at_millis(16));
    assert_eq!(report(&mut reception).jitter, 90 - 90 / 16 - 1);
}

#[test]
fn jitter_survives_the_wrap_of_the_timestamp() {
    let mut reception = Reception::new(RATE);
    reception.packet(1, u32::MAX - 44, at_millis(0));
    reception.packet(2, 45, at_millis(1));
    assert_eq!(report(&mut reception).jitter, 0);
}

#[test]
fn a_sender_report_is_echoed_with_its_age() {
    let mut reception = steady([FIRST]);
    assert_eq!(report(&mut reception).last_sender_report, 0);
    reception.sender_report(NtpTime(0x1122_3344_5566_7788), at_millis(500));
    let block = report(&mut reception);
    assert_eq!(block.last_sender_report, 0x3344_5566);
    assert_eq!(block.delay_since_last_sender_report, 0x8000);
}
