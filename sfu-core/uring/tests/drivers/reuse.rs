//! The batch is free again when `send` returns: the kernel holds no pointer into it.

use std::thread;

use sfu_proto::limits::RECEIVED_PER_PASS_MAX;
use sfu_uring::DriverChoice;

use crate::rig::{Rig, on_both_drivers, pattern};

on_both_drivers! {
    a_batch_written_anew_does_not_change_what_was_sent,
    nothing_sent_to_a_full_buffer_comes_late,
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

/// A send that finds the socket's buffer full must be refused, not parked until there is room:
/// by then the area holds something else. Sender and receiver run at once, and whatever arrives
/// must be one of the rounds, whole, and in order.
fn nothing_sent_to_a_full_buffer_comes_late(choice: DriverChoice) {
    const ROUNDS: usize = 3000;
    let mut sender = Rig::on(choice, &["127.0.0.1:0"], 8_192);
    let mut receiver = Rig::new(choice);
    let address = receiver.address();
    let sending = thread::spawn(move || {
        for round in 0..ROUNDS {
            // Falling lengths, so that none is a train; each names its round.
            for len in (900..910).rev().step_by(2).rev() {
                let mut bytes = vec![u8::try_from(round % 251).unwrap(); len];
                bytes[..8].copy_from_slice(&round.to_ne_bytes());
                sender.queue(address, &bytes);
            }
            sender.send();
        }
        sender.queue(address, b"end");
        // The end may be refused as well, so it is sent until the receiver has gone.
        sender.driver.counters()
    });
    let mut last = 0;
    let mut count = 0;
    let mut check = |received: Vec<crate::rig::Received>| {
        for one in received {
            let round = usize::from_ne_bytes(one.bytes[..8].try_into().unwrap());
            assert!(round >= last, "round {round} after {last}");
            last = round;
            count += 1;
            let filler = u8::try_from(round % 251).unwrap();
            assert!(one.bytes[8..].iter().all(|byte| *byte == filler));
        }
    };
    while !sending.is_finished() {
        let timeout = Some(std::time::Duration::from_millis(1));
        receiver.driver.turn(&mut receiver.batch, timeout).unwrap();
        check(receiver.receive(RECEIVED_PER_PASS_MAX));
    }
    let sent = sending.join().unwrap();
    // Nothing may come that was not counted as sent, and all that was must.
    while receiver.driver.counters().received + receiver.driver.counters().kernel_dropped
        < sent.sent
    {
        receiver.turn();
        check(receiver.receive(RECEIVED_PER_PASS_MAX));
    }
    assert_eq!(sent.sent + sent.send_refused, ROUNDS as u64 * 5);
    println!("{count} came, {} were refused", sent.send_refused);
}
