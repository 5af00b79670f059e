//! Trains that the kernel will not cut: nothing is lost, the route is remembered, and it is said
//! once.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;
use std::process::Command;

use sfu_uring::{DriverChoice, Notice};
use socket2::SockRef;

use crate::rig::{Rig, on_both_drivers, pattern, plain_socket, plain_socket_on, take};

on_both_drivers! {
    a_refused_train_arrives_and_is_told_once,
    one_host_refuses_for_itself_alone_until_there_are_many,
    datagrams_too_long_for_the_link_are_nobodys_refusal,
}

/// Makes the kernel refuse every train of the driver's socket (EINVAL), as it refuses those that
/// nobody would checksum: it turns checksums off, which singles do without.
fn refuse_trains_from(address: SocketAddr) {
    let found = (3..1024).find(|descriptor| {
        // SAFETY: it is borrowed to ask for its name alone; a descriptor that is not open, or that
        // another test closes meanwhile, answers with an error or with another name.
        let borrowed = unsafe { BorrowedFd::borrow_raw(*descriptor) };
        let name = SockRef::from(&borrowed).local_addr();
        name.is_ok_and(|it| it.as_socket() == Some(address))
    });
    let descriptor = found.expect("the socket of the driver");
    let one: libc::c_int = 1;
    // SAFETY: the kernel reads `one`, which lives through the call, and its four bytes only.
    let result = unsafe {
        let value = (&raw const one).cast();
        libc::setsockopt(descriptor, libc::SOL_SOCKET, libc::SO_NO_CHECK, value, 4)
    };
    assert_eq!(result, 0);
}

fn send_train(rig: &mut Rig, remote: SocketAddr, count: usize) {
    for index in 0..count {
        rig.queue(remote, &pattern(index, 500));
    }
    rig.send();
}

fn assert_train_arrived(receiver: &UdpSocket, count: usize) {
    for index in 0..count {
        assert_eq!(take(receiver), pattern(index, 500), "datagram {index}");
    }
}

fn a_refused_train_arrives_and_is_told_once(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let receiver = plain_socket();
    let remote = receiver.local_addr().unwrap();
    send_train(&mut rig, remote, 5);
    assert_train_arrived(&receiver, 5);
    assert_eq!(rig.driver.counters().trains, 1);
    assert_eq!(rig.driver.take_notice(), None);

    refuse_trains_from(rig.address());
    for _ in 0..3 {
        send_train(&mut rig, remote, 5);
        assert_train_arrived(&receiver, 5);
    }
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.send_failed), (20, 0));
    assert_eq!((counters.trains, counters.sent_in_trains), (1, 5));
    // The second and third were not tried as trains any more.
    assert_eq!((counters.trains_refused, counters.gso_off), (1, 0));
    let expected = Notice::TrainRefused {
        local: rig.address(),
        remote: remote.ip(),
        code: libc::EINVAL,
    };
    assert_eq!(rig.driver.take_notice(), Some(expected));
    assert_eq!(rig.driver.take_notice(), None);
}

fn one_host_refuses_for_itself_alone_until_there_are_many(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    refuse_trains_from(rig.address());
    // All of 127/8 is this machine.
    for host in 1..=40 {
        let receiver = plain_socket_on(&format!("127.0.1.{host}:0"));
        send_train(&mut rig, receiver.local_addr().unwrap(), 3);
        assert_train_arrived(&receiver, 3);
    }
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.send_failed), (120, 0));
    // 32 are remembered; the next ends it for the socket, and nothing is tried after that.
    assert_eq!((counters.trains_refused, counters.gso_off), (33, 1));
    let local = rig.address();
    assert_eq!(rig.driver.take_notice(), Some(Notice::TrainsOff { local }));
    assert_eq!(rig.driver.take_notice(), None);
}

/// The last of the train is short enough and goes; the route cuts trains all the same.
fn datagrams_too_long_for_the_link_are_nobodys_refusal(choice: DriverChoice) {
    if !enter_network_with_short_link() {
        println!("skipped: no right to make a network namespace");
        return;
    }
    let mut rig = Rig::on(choice, &["10.78.0.1:0"], 1 << 20);
    let far: IpAddr = [10, 78, 0, 2].into();
    for len in [1200, 1200, 1200, 100] {
        rig.queue((far, 9).into(), &pattern(0, len));
    }
    rig.send();
    let counters = rig.driver.counters();
    assert_eq!((counters.sent, counters.send_failed), (1, 3));
    assert_eq!((counters.trains, counters.trains_refused), (0, 0));
    send_train(&mut rig, (far, 9).into(), 4);
    let counters = rig.driver.counters();
    assert_eq!((counters.trains, counters.sent), (1, 5));
    assert_eq!(rig.driver.take_notice(), None);
}

/// Moves this thread into a network of its own, with 10.78.0.1 on a link that takes 1,000 bytes.
fn enter_network_with_short_link() -> bool {
    // SAFETY: takes no pointers; it concerns this thread alone, which ends with its test.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return false;
    }
    [
        "link add near mtu 1000 type veth peer name far mtu 1000",
        "address add 10.78.0.1/24 dev near",
        "link set near up",
        "link set far up",
        "neighbour add 10.78.0.2 lladdr 02:00:00:00:00:02 dev near",
    ]
    .iter()
    .all(|arguments| {
        let status = Command::new("ip").args(arguments.split(' ')).status();
        status.is_ok_and(|status| status.success())
    })
}
