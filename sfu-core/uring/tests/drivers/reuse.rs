//! The batch is free again when `send` returns: the kernel holds no pointer into it.

use sfu_uring::DriverChoice;

use crate::rig::{Rig, on_both_drivers, pattern};

on_both_drivers! {
    a_batch_written_anew_does_not_change_what_was_sent,
}

const DATAGRAMS: usize = 60;

/// Each round overwrites the same bytes of the area right after the last was sent; the receiver
/// reads only afterwards. A pointer kept by the kernel would show the later round.
fn a_batch_written_anew_does_not_change_what_was_sent(choice: DriverChoice) {
    let mut sender = Rig::new(choice);
    let mut receiver = Rig::new(choice);
    let len_of = |round: usize, index: usize| 500 + round % 3 + index / 20;
    for block in 0..20 {
        for round in 0..10 {
            for index in 0..DATAGRAMS {
                let bytes = pattern(block * 1000 + round * 100 + index, len_of(round, index));
                sender.queue(receiver.address(), &bytes);
            }
            sender.send();
        }
        let received = receiver.receive_all(10 * DATAGRAMS);
        for (at, one) in received.iter().enumerate() {
            let (round, index) = (at / DATAGRAMS, at % DATAGRAMS);
            let expected = pattern(block * 1000 + round * 100 + index, len_of(round, index));
            assert_eq!(
                one.bytes, expected,
                "block {block} round {round} index {index}"
            );
        }
    }
    let counters = sender.driver.counters();
    assert_eq!(counters.sent, 20 * 10 * DATAGRAMS as u64);
    assert_eq!(counters.send_refused + counters.send_failed, 0);
}
