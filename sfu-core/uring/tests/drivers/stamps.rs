//! Kernel timestamps as arrivals on the core's clock.

use std::thread;
use std::time::Duration;

use sfu_uring::DriverChoice;

use crate::rig::{Rig, on_both_drivers, plain_socket};

on_both_drivers! {
    arrivals_lie_between_sending_and_reading,
}

/// Each datagram arrives after the reading before it was sent and before the reading it is received
/// with, although all are received at the end; so the stamps are the kernel's.
fn arrivals_lie_between_sending_and_reading(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    // The kernel starts to stamp a moment after the first socket asks for it; until then a datagram
    // is stamped when it is read.
    loop {
        let sent = rig.reading().now;
        client.send_to(b"first", rig.address()).unwrap();
        thread::sleep(Duration::from_millis(5));
        if rig.receive_all(1)[0].arrival < sent + Duration::from_millis(2) {
            break;
        }
    }
    let mut before = Vec::new();
    for _ in 0..10 {
        before.push(rig.reading().now);
        client.send_to(b"hello", rig.address()).unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    let received = rig.receive_all(10);
    let after = rig.reading().now;
    // The two clocks are not read at the very same moment.
    let slack = Duration::from_micros(500);
    for (index, one) in received.iter().enumerate() {
        let until = before.get(index + 1).copied().unwrap_or(after);
        assert!(one.arrival + slack >= before[index], "{index}");
        assert!(one.arrival <= until + slack, "{index}");
    }
    assert!(received.is_sorted_by_key(|one| one.arrival));
}
