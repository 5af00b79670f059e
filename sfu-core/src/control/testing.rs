//! What tests of several parts need.

use sfu_uring::{Driver, DriverChoice, Waker};

/// Wakes a driver that nobody turns.
pub(crate) fn waker() -> Waker {
    let sockets = sfu_uring::bind(&["127.0.0.1:0".parse().unwrap()], 1 << 16).unwrap();
    let (_, waker, _) = Driver::open(DriverChoice::Mio, sockets).unwrap();
    waker
}
