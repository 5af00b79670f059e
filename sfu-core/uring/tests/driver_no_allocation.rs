//! After a driver is open and has run once, sending and receiving allocate nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use sfu_proto::packet::{Route, SendBatch, SocketIndex};
use sfu_proto::time::Instant;
use sfu_uring::{ClockReading, Driver, DriverChoice, bind, probe};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does all the work; counting touches no memory that it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const READING: ClockReading = ClockReading {
    now: Instant::from_nanos(1),
    realtime_nanos: 1,
};

/// One driver sends trains and singles to itself and takes them; some go nowhere.
fn exchange(driver: &mut Driver, batch: &mut SendBatch, own: SocketAddr) {
    let unreachable = "192.0.2.1:9".parse().unwrap();
    for (remote, len) in [
        (own, 1000),
        (own, 1000),
        (own, 999),
        (own, 1001),
        (unreachable, 10),
    ] {
        let socket = SocketIndex(0);
        batch.slot(Route { socket, remote }, len).unwrap().fill(7);
    }
    let mut received = 0;
    while received < 4 {
        driver.turn(batch, Some(Duration::from_secs(20))).unwrap();
        received += driver.receive(READING, 3, |datagram| assert_eq!(datagram.bytes[0], 7));
    }
}

fn assert_allocates_nothing(choice: DriverChoice) {
    let sockets = bind(&["127.0.0.1:0".parse().unwrap()], 1 << 20).unwrap();
    let own = sockets[0].local_address();
    let (mut driver, waker, _) = Driver::open(choice, sockets).unwrap();
    let mut batch = SendBatch::new(100_000, 100);
    exchange(&mut driver, &mut batch, own);
    let before = ALLOCATIONS.get();
    for _ in 0..2000 {
        exchange(&mut driver, &mut batch, own);
        waker.wake();
    }
    assert_eq!(ALLOCATIONS.get() - before, 0, "{choice}");
    assert_eq!(driver.counters().received, 4 * 2001);
}

#[test]
fn io_uring_allocates_nothing() {
    match probe() {
        Ok(_) => assert_allocates_nothing(DriverChoice::Uring),
        Err(refusal) => println!("skipped: {refusal}"),
    }
}

#[test]
fn mio_allocates_nothing() {
    assert_allocates_nothing(DriverChoice::Mio);
}

#[test]
fn the_count_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert!(ALLOCATIONS.get() > before);
}
