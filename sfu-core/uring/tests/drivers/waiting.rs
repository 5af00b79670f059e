//! A wait ends for each of its reasons, and for no other that would matter.

use std::net::UdpSocket;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use sfu_uring::{DriverChoice, probe};

use crate::rig::{FOREVER, Rig, on_both_drivers, plain_socket, take};

on_both_drivers! {
    a_wake_from_another_thread_ends_the_wait,
    a_wake_before_the_wait_ends_it,
    each_wake_ends_a_wait,
    the_timeout_ends_the_wait,
    a_timeout_of_zero_does_not_wait,
    a_datagram_ends_the_wait,
    a_turn_sends_before_it_waits,
    what_is_left_is_not_waited_for,
    packets_gather_while_they_come,
    gathering_ends_with_the_timeout,
}

fn a_wake_from_another_thread_ends_the_wait(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let waker = rig.waker.clone();
    let (woken, is_woken) = mpsc::channel();
    let other = thread::spawn(move || {
        woken.send(()).unwrap();
        waker.wake();
    });
    // No timeout: only the wake can end it. A spurious return is allowed, so turn until told.
    loop {
        rig.driver.turn(&mut rig.batch, None).unwrap();
        if is_woken.try_recv().is_ok() {
            break;
        }
    }
    other.join().unwrap();
}

fn a_wake_before_the_wait_ends_it(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    rig.waker.wake();
    rig.driver.turn(&mut rig.batch, None).unwrap();
}

fn each_wake_ends_a_wait(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    // The first turn arms what is to be armed; all others rely on its lasting.
    for _ in 0..200 {
        rig.waker.wake();
        rig.driver.turn(&mut rig.batch, None).unwrap();
    }
}

fn the_timeout_ends_the_wait(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    rig.driver
        .turn(&mut rig.batch, Some(Duration::ZERO))
        .unwrap();
    let timeout = Duration::from_millis(30);
    let start = Instant::now();
    rig.driver.turn(&mut rig.batch, Some(timeout)).unwrap();
    let waited = start.elapsed();
    assert!(waited >= timeout && waited < FOREVER, "{waited:?}");
    // Shorter than the gathering: still the timeout rules.
    rig.driver.set_gather(FOREVER);
    rig.driver.turn(&mut rig.batch, Some(timeout)).unwrap();
    assert!(start.elapsed() < FOREVER);
}

fn a_timeout_of_zero_does_not_wait(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    rig.driver.set_gather(FOREVER);
    let start = Instant::now();
    for _ in 0..100 {
        rig.driver
            .turn(&mut rig.batch, Some(Duration::ZERO))
            .unwrap();
    }
    assert!(start.elapsed() < FOREVER);
}

fn a_datagram_ends_the_wait(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let address = rig.address();
    let client = plain_socket();
    rig.driver
        .turn(&mut rig.batch, Some(Duration::ZERO))
        .unwrap();
    let other = thread::spawn(move || client.send_to(b"hello", address).unwrap());
    let mut received = Vec::new();
    while received.is_empty() {
        rig.driver.turn(&mut rig.batch, None).unwrap();
        received = rig.receive(1);
    }
    other.join().unwrap();
    assert_eq!(received[0].bytes, b"hello");
}

/// If it waited first, nobody would answer and the wait would not end.
fn a_turn_sends_before_it_waits(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    let client_address = client.local_addr().unwrap();
    let address = rig.address();
    let other = thread::spawn(move || {
        assert_eq!(take(&client), b"question");
        client.send_to(b"answer", address).unwrap();
    });
    rig.queue(client_address, b"question");
    let mut received = Vec::new();
    while received.is_empty() {
        rig.driver.turn(&mut rig.batch, None).unwrap();
        assert!(rig.batch.is_empty());
        received = rig.receive(1);
    }
    other.join().unwrap();
    assert_eq!(received[0].bytes, b"answer");
}

fn what_is_left_is_not_waited_for(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    for _ in 0..10 {
        client.send_to(b"hello", rig.address()).unwrap();
    }
    for _ in 0..10 {
        // Nothing new comes: a wait would never end.
        rig.driver.turn(&mut rig.batch, None).unwrap();
        assert_eq!(rig.receive(1).len(), 1);
    }
}

/// Has one packet come, so that the driver counts as busy.
fn keep_busy(rig: &mut Rig, client: &UdpSocket) {
    client.send_to(b"first", rig.address()).unwrap();
    assert_eq!(rig.receive_all(1).len(), 1);
}

fn packets_gather_while_they_come(choice: DriverChoice) {
    if choice == DriverChoice::Uring && !probe().unwrap().min_wait {
        println!("skipped: gathering needs Linux 6.12");
        return;
    }
    let mut rig = Rig::new(choice);
    let client = plain_socket();
    keep_busy(&mut rig, &client);
    rig.driver.set_gather(Duration::from_millis(500));
    let address = rig.address();
    client.send_to(b"second", address).unwrap();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        client.send_to(b"third", address).unwrap();
    });
    rig.turn();
    assert_eq!(rig.receive(10).len(), 2);
    other.join().unwrap();
}

fn gathering_ends_with_the_timeout(choice: DriverChoice) {
    let mut rig = Rig::new(choice);
    keep_busy(&mut rig, &plain_socket());
    rig.driver.set_gather(FOREVER);
    let timeout = Duration::from_millis(30);
    let start = Instant::now();
    rig.driver.turn(&mut rig.batch, Some(timeout)).unwrap();
    let waited = start.elapsed();
    assert!(waited >= timeout && waited < FOREVER, "{waited:?}");
}
