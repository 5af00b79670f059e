//! What comes in goes out, whole, by the socket it came to.

use sfu_proto::packet::SocketIndex;
use sfu_uring::DriverChoice;

use crate::rig::{Rig, on_both_drivers, pattern, plain_socket, plain_socket_on, take};

on_both_drivers! {
    one_datagram_comes_back,
    ipv6_comes_back,
    the_socket_that_was_asked_answers,
    many_datagrams_come_in_order,
    odd_sizes_come_whole,
    no_more_than_asked_for_and_the_rest_stays,
    the_bytes_may_be_changed_in_place,
    a_driver_may_move_to_its_thread,
}

/// Sends back all of `count` datagrams.
fn echo(rig: &mut Rig, count: usize) {
    for received in rig.receive_all(count) {
        let slot = rig
            .batch
            .slot(received.route, received.bytes.len())
            .unwrap();
        slot.copy_from_slice(&received.bytes);
    }
    rig.send();
}

fn one_datagram_comes_back(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    client.send_to(b"hello", rig.address()).unwrap();
    echo(&mut rig, 1);
    assert_eq!(take(&client), b"hello");
    let counters = rig.driver.counters();
    assert_eq!((counters.received, counters.received_bytes), (1, 5));
    assert_eq!((counters.sent, counters.sent_bytes), (1, 5));
}

fn ipv6_comes_back(choice: DriverChoice) {
    let mut rig = Rig::on(choice, &["[::1]:0"], 1 << 20);
    let client = plain_socket_on("[::1]:0");
    client.send_to(b"hello", rig.address()).unwrap();
    let received = rig.receive_all(1);
    assert_eq!(received[0].route.remote, client.local_addr().unwrap());
    rig.queue(client.local_addr().unwrap(), &received[0].bytes);
    rig.send();
    assert_eq!(take(&client), b"hello");
}

fn the_socket_that_was_asked_answers(choice: DriverChoice) {
    let mut rig = Rig::on(choice, &["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"], 1 << 20);
    let clients = ["127.0.0.1:0", "127.0.0.1:0", "[::1]:0"].map(plain_socket_on);
    for (client, address) in clients.iter().zip(&rig.addresses) {
        client
            .send_to(address.to_string().as_bytes(), address)
            .unwrap();
    }
    let received = rig.receive_all(3);
    for one in &received {
        let address = rig.addresses[usize::from(one.route.socket.0)];
        assert_eq!(one.bytes, address.to_string().as_bytes());
        rig.batch.slot(one.route, 2).unwrap().copy_from_slice(b"ok");
    }
    assert!(
        received
            .iter()
            .any(|one| one.route.socket == SocketIndex(2))
    );
    rig.send();
    for (client, address) in clients.iter().zip(&rig.addresses) {
        let mut buffer = [0; 10];
        let (len, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from), (&b"ok"[..], *address));
    }
}

fn many_datagrams_come_in_order(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    for round in 0..20 {
        for index in 0..100 {
            let bytes = pattern(round * 100 + index, 200);
            client.send_to(&bytes, rig.address()).unwrap();
        }
        for (index, received) in rig.receive_all(100).into_iter().enumerate() {
            assert_eq!(received.bytes, pattern(round * 100 + index, 200));
        }
    }
    assert_eq!(rig.driver.counters().received, 2000);
}

fn odd_sizes_come_whole(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    let sizes = [0, 1, 2, 3, 127, 128, 129, 1199, 1200, 1201, 1471, 1472];
    for size in sizes {
        client.send_to(&pattern(size, size), rig.address()).unwrap();
    }
    // Longer than any datagram of ours: dropped, and counted.
    client.send_to(&[0; 1473], rig.address()).unwrap();
    client.send_to(&[0; 60_000], rig.address()).unwrap();
    client.send_to(b"last", rig.address()).unwrap();
    let received = rig.receive_all(sizes.len() + 1);
    for (size, received) in sizes.into_iter().zip(&received) {
        assert_eq!(received.bytes, pattern(size, size));
    }
    assert_eq!(received.last().unwrap().bytes, b"last");
    assert_eq!(rig.driver.counters().receive_oversized, 2);
    for size in sizes {
        rig.queue(client.local_addr().unwrap(), &pattern(size, size));
    }
    rig.send();
    for size in sizes {
        assert_eq!(take(&client), pattern(size, size));
    }
}

fn no_more_than_asked_for_and_the_rest_stays(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    for index in 0..10 {
        client.send_to(&pattern(index, 50), rig.address()).unwrap();
    }
    let mut all = Vec::new();
    while all.len() < 10 {
        rig.turn();
        let some = rig.receive(3);
        assert!(some.len() <= 3);
        all.extend(some);
    }
    for (index, received) in all.iter().enumerate() {
        assert_eq!(received.bytes, pattern(index, 50));
    }
    assert_eq!(rig.receive(3), []);
    assert_eq!(rig.receive(0), []);
}

fn the_bytes_may_be_changed_in_place(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    for _ in 0..2000 {
        client.send_to(b"abc", rig.address()).unwrap();
        rig.turn();
        let reading = rig.reading();
        rig.driver.receive(reading, 1, |datagram| {
            assert_eq!(datagram.bytes, b"abc");
            datagram.bytes.fill(b'!');
        });
    }
}

fn a_driver_may_move_to_its_thread(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    client.send_to(b"hello", rig.address()).unwrap();
    std::thread::spawn(move || echo(&mut rig, 1))
        .join()
        .unwrap();
    assert_eq!(take(&client), b"hello");
}
