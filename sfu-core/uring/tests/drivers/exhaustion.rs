//! More than there is room for: it is counted, and goes on.

use std::process::Command;
use std::time::Duration;

use sfu_proto::limits::BATCH_DATAGRAMS_MAX;
use sfu_proto::packet::{Route, SendBatch};
use sfu_uring::{DriverChoice, udp_errors};

use crate::rig::{FIRST, Rig, on_both_drivers, pattern, plain_socket, take};

on_both_drivers! {
    more_datagrams_than_buffers_all_arrive,
    the_kernels_drops_are_counted,
    a_full_socket_buffer_is_counted,
    a_batch_of_singles_goes_in_one_send,
    a_batch_larger_than_the_headers_goes_whole,
}

/// io_uring has 512 buffers: the kernel runs out of them and ends the receive.
fn more_datagrams_than_buffers_all_arrive(choice: DriverChoice) {
    const COUNT: usize = 1500;
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    for round in 0..3 {
        for index in 0..COUNT {
            client.send_to(&pattern(index, 64), rig.address()).unwrap();
        }
        // Turns without receiving, so that nothing is given back.
        for _ in 0..100 {
            rig.driver
                .turn(&mut rig.batch, Some(Duration::ZERO))
                .unwrap();
        }
        let received = rig.receive_all(COUNT);
        assert_eq!(received.len(), COUNT, "round {round}");
        for (index, one) in received.iter().enumerate() {
            assert_eq!(one.bytes, pattern(index, 64), "round {round}");
        }
    }
    let counters = rig.driver.counters();
    assert_eq!(counters.kernel_dropped, 0);
    if choice == DriverChoice::Uring {
        assert!(counters.buffers_exhausted > 0);
    }
}

fn the_kernels_drops_are_counted(choice: DriverChoice) {
    const COUNT: u64 = 1000;
    // So small that the thousand do not fit.
    let mut rig = Rig::on(choice, &["127.0.0.1:0"], 8_192);
    let client = plain_socket();
    let before = udp_errors().unwrap();
    for _ in 0..COUNT {
        client.send_to(&[7; 1000], rig.address()).unwrap();
    }
    let mut received = rig.receive_all(1).len();
    loop {
        rig.driver
            .turn(&mut rig.batch, Some(Duration::ZERO))
            .unwrap();
        let some = rig.receive(usize::MAX).len();
        if some == 0 {
            break;
        }
        received += some;
    }
    // The kernel tells of drops with the next datagram that it takes.
    client.send_to(b"after", rig.address()).unwrap();
    received += rig.receive_all(1).len();
    let dropped = rig.driver.counters().kernel_dropped;
    assert!(dropped > 0);
    assert_eq!(received as u64 + dropped, COUNT + 1);
    // The host's own count has them too, and those of every other test.
    let after = udp_errors().unwrap();
    assert!(after.receive_buffer_errors - before.receive_buffer_errors >= dropped);
    assert!(after.receive_errors - before.receive_errors >= dropped);
}

/// Loopback frees the sender's buffer at once, so this takes a link whose far end never answers ARP:
/// what waits for its address fills the buffer. If io_uring parked such a send instead of refusing
/// it, the refusals would be missing here, and the area would be read after it was written anew.
fn a_full_socket_buffer_is_counted(choice: DriverChoice) {
    const COUNT: usize = 400;
    if !enter_network_without_neighbours() {
        println!("skipped: no right to make a network namespace");
        return;
    }
    let mut rig = Rig::on(choice, &["10.77.0.1:0"], 16_384);
    let silent = "10.77.0.2:9".parse().unwrap();
    for index in 0..COUNT {
        // Lengths rise, so that none is a train.
        rig.queue(silent, &pattern(index, 1000 + index));
    }
    rig.send();
    let counters = rig.driver.counters();
    assert!(
        counters.sent > 0 && counters.send_refused > 0,
        "{counters:?}"
    );
    assert_eq!(counters.sent + counters.send_refused, COUNT as u64);
    // A refused train is refused whole, and it is not the train's fault.
    for _ in 0..5 {
        rig.queue(silent, &[1; 1000]);
    }
    rig.send();
    let again = rig.driver.counters();
    assert_eq!(again.send_refused, counters.send_refused + 5);
    assert_eq!((again.gso_off, again.send_failed), (0, 0));
}

/// Moves this thread into a network of its own, with 10.77.0.1 on a link to nobody.
fn enter_network_without_neighbours() -> bool {
    // SAFETY: takes no pointers; it concerns this thread alone, which ends with its test.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return false;
    }
    [
        "link add near type veth peer name far",
        "address add 10.77.0.1/24 dev near",
        "link set near up",
        "link set far up",
    ]
    .iter()
    .all(|arguments| {
        let status = Command::new("ip").args(arguments.split(' ')).status();
        status.is_ok_and(|status| status.success())
    })
}

fn a_batch_of_singles_goes_in_one_send(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receivers = [plain_socket(), plain_socket()];
    for index in 0..BATCH_DATAGRAMS_MAX {
        let receiver = &receivers[index % 2];
        rig.queue(receiver.local_addr().unwrap(), &pattern(index, 20));
    }
    rig.send();
    let counters = rig.driver.counters();
    assert_eq!(counters.sent, BATCH_DATAGRAMS_MAX as u64);
    assert!(counters.system_calls <= 2, "{counters:?}");
    assert_eq!(take(&receivers[0]), pattern(0, 20));
    assert_eq!(take(&receivers[1]), pattern(1, 20));
}

fn a_batch_larger_than_the_headers_goes_whole(choice: DriverChoice) {
    const COUNT: usize = BATCH_DATAGRAMS_MAX + 300;
    let mut rig = Rig::new(choice);
    let mut receivers = [Rig::new(choice), Rig::new(choice)];
    let mut batch = SendBatch::new(COUNT * 20, COUNT);
    for index in 0..COUNT {
        let remote = receivers[index % 2].address();
        let route = Route {
            socket: FIRST,
            remote,
        };
        batch
            .slot(route, 20)
            .unwrap()
            .copy_from_slice(&pattern(index, 20));
    }
    rig.driver.send(&mut batch).unwrap();
    for (which, receiver) in receivers.iter_mut().enumerate() {
        let received = receiver.receive_all(COUNT / 2);
        for (index, one) in received.iter().enumerate() {
            assert_eq!(one.bytes, pattern(index * 2 + which, 20));
        }
    }
}
