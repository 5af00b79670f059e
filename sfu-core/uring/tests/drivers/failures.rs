//! A bad address is one datagram's trouble, never the driver's.

use sfu_proto::packet::{Route, SocketIndex};
use sfu_uring::{BindError, Driver, DriverChoice, bind};

use crate::rig::{Rig, on_both_drivers, plain_socket, take};

on_both_drivers! {
    a_closed_port_harms_nobody,
    an_unreachable_address_is_counted,
    a_forged_port_zero_leaves_trains_on,
    a_datagram_longer_than_the_link_is_counted,
    a_socket_that_does_not_exist_is_counted,
}

/// Sends to a living neighbour and takes its answer.
fn assert_alive(rig: &mut Rig) {
    let client = plain_socket();
    rig.queue(client.local_addr().unwrap(), b"ping");
    rig.send();
    assert_eq!(take(&client), b"ping");
    client.send_to(b"pong", rig.address()).unwrap();
    assert_eq!(rig.receive_all(1)[0].bytes, b"pong");
}

fn a_closed_port_harms_nobody(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let closed = plain_socket().local_addr().unwrap();
    for _ in 0..10 {
        for _ in 0..3 {
            rig.queue(closed, &[1; 100]);
        }
        rig.send();
        assert_alive(&mut rig);
    }
    assert_eq!(rig.driver.counters().trains_refused, 0);
}

fn an_unreachable_address_is_counted(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    // A socket on loopback cannot leave the machine; and an IPv4 socket knows no IPv6.
    for remote in ["192.0.2.1:9", "[2001:db8::1]:9"] {
        rig.queue(remote.parse().unwrap(), &[1; 100]);
    }
    let client = plain_socket();
    rig.queue(client.local_addr().unwrap(), b"between");
    rig.queue("192.0.2.1:9".parse().unwrap(), &[1; 100]);
    rig.queue("192.0.2.1:9".parse().unwrap(), &[1; 100]);
    rig.send();
    assert_eq!(take(&client), b"between");
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.send_failed), (1, 4));
    assert_alive(&mut rig);
}

/// Anybody can send from port 0; the answer, a train, is refused like a train that cannot be cut.
fn a_forged_port_zero_leaves_trains_on(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    for _ in 0..5 {
        rig.queue("127.0.0.1:0".parse().unwrap(), &[1; 100]);
    }
    rig.send();
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.send_failed), (0, 5));
    assert_eq!(counters.trains_refused, 0);
    let client = plain_socket();
    for _ in 0..5 {
        rig.queue(client.local_addr().unwrap(), &[2; 100]);
    }
    rig.send();
    assert_eq!(rig.driver.counters().trains, 1);
}

fn a_datagram_longer_than_the_link_is_counted(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    // Loopback takes 65,536 bytes with headers, UDP 65,507 without.
    rig.queue(client.local_addr().unwrap(), &[1; 65_508]);
    rig.send();
    assert_eq!(rig.driver.counters().send_failed, 1);
    assert_alive(&mut rig);
}

fn a_socket_that_does_not_exist_is_counted(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let route = Route {
        socket: SocketIndex(1),
        remote: rig.address(),
    };
    rig.batch.slot(route, 10).unwrap();
    rig.send();
    assert_eq!(rig.driver.counters().send_failed, 1);
    assert_alive(&mut rig);
}

#[test]
fn a_taken_address_is_named() {
    let bound = bind(&["127.0.0.1:0".parse().unwrap()], 65_536).unwrap();
    let error = bind(&[bound[0].local_address()], 65_536).unwrap_err();
    assert!(matches!(error, BindError::Taken { .. }), "{error}");
    let error = bind(&["192.0.2.1:0".parse().unwrap()], 65_536).unwrap_err();
    assert!(matches!(error, BindError::NotLocal { .. }), "{error}");
}

#[test]
fn auto_opens_something() {
    let bound = bind(&["127.0.0.1:0".parse().unwrap()], 65_536).unwrap();
    let (_driver, _waker, kind) = Driver::open(DriverChoice::Auto, bound).unwrap();
    println!("{kind}");
}
