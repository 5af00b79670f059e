//! Trains arrive as the datagrams they were made of.

use std::net::UdpSocket;

use sfu_proto::limits::TRAIN_DATAGRAMS_MAX;
use sfu_uring::DriverChoice;

use crate::rig::{Rig, on_both_drivers, pattern, plain_socket, take};

on_both_drivers! {
    a_train_arrives_whole_at_a_plain_receiver,
    a_train_arrives_whole_at_a_receiver_with_gro,
    a_shorter_last_arrives,
    a_train_is_handed_out_in_parts,
    trains_and_singles_keep_their_order,
    the_longest_train_arrives,
}

/// Queues datagrams of these lengths; their patterns go by their place.
fn queue_all(rig: &mut Rig, receiver: &UdpSocket, lengths: &[usize]) {
    for (index, len) in lengths.iter().enumerate() {
        rig.queue(receiver.local_addr().unwrap(), &pattern(index, *len));
    }
}

fn assert_arrived(receiver: &UdpSocket, lengths: &[usize]) {
    for (index, len) in lengths.iter().enumerate() {
        assert_eq!(take(receiver), pattern(index, *len), "datagram {index}");
    }
}

fn a_train_arrives_whole_at_a_plain_receiver(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receiver = plain_socket();
    queue_all(&mut rig, &receiver, &[1100; 20]);
    rig.send();
    assert_arrived(&receiver, &[1100; 20]);
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.trains), (20, 1));
}

fn a_shorter_last_arrives(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receiver = plain_socket();
    let lengths = [1100, 1100, 1100, 1];
    queue_all(&mut rig, &receiver, &lengths);
    rig.send();
    assert_arrived(&receiver, &lengths);
    assert_eq!(rig.driver.counters().trains, 1);
}

fn trains_and_singles_keep_their_order(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receiver = plain_socket();
    let lengths = [80, 1100, 1100, 1101, 1101, 1101, 300, 80, 80, 81, 1000];
    queue_all(&mut rig, &receiver, &lengths);
    rig.send();
    assert_arrived(&receiver, &lengths);
    let counters = rig.driver.counters();
    // 80 | 1100 1100 | 1101 1101 1101 300 | 80 80 | 81 | 1000
    assert_eq!((counters.sent, counters.trains), (11, 3));
}

fn the_longest_train_arrives(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receiver = plain_socket();
    // As many short ones as a train has, and as many long ones as 65,000 bytes hold.
    for lengths in [vec![100; TRAIN_DATAGRAMS_MAX], vec![1472; 44]] {
        queue_all(&mut rig, &receiver, &lengths);
        rig.send();
        assert_arrived(&receiver, &lengths);
    }
    let counters = rig.driver.counters();
    assert_eq!((counters.trains, counters.trains_refused), (2, 0));
    assert_eq!(counters.sent_in_trains, counters.sent);
}

/// A driver that sends to one that receives; `lengths` in one train.
fn between_drivers(choice: DriverChoice, lengths: &[usize]) -> Rig {
    let mut sender = Rig::new(choice);
    let receiver = Rig::new(choice);
    for (index, len) in lengths.iter().enumerate() {
        sender.queue(receiver.address(), &pattern(index, *len));
    }
    sender.send();
    assert_eq!(sender.driver.counters().trains, 1);
    receiver
}

fn a_train_arrives_whole_at_a_receiver_with_gro(choice: DriverChoice) {
    let mut lengths = vec![1200; 50];
    lengths.push(777);
    let mut receiver = between_drivers(choice, &lengths);
    let received = receiver.receive_all(51);
    assert_eq!(received.len(), 51);
    for (index, len) in lengths.iter().enumerate() {
        assert_eq!(received[index].bytes, pattern(index, *len));
        assert_eq!(received[index].arrival, received[0].arrival);
    }
}

fn a_train_is_handed_out_in_parts(choice: DriverChoice) {
    let mut receiver = between_drivers(choice, &[1000; 20]);
    let mut all = Vec::new();
    while all.len() < 20 {
        receiver.turn();
        let some = receiver.receive(7);
        assert!(some.len() <= 7);
        all.extend(some);
    }
    for (index, received) in all.iter().enumerate() {
        assert_eq!(received.bytes, pattern(index, 1000));
    }
}
