//! Binds the sockets of a worker, with patience for a predecessor that is still being cleared away.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use sfu_uring::{BindError, BoundSocket};

use crate::config::SOCKET_BUFFER_BYTES;

/// The kernel takes a dead process's io_uring apart in the background, and until then its sockets
/// live on: a core that starts again at once finds its own ports taken for some milliseconds.
const PREDECESSOR_TIME_MAX: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn bind(addresses: &[SocketAddr]) -> Result<Vec<BoundSocket>, BindError> {
    let deadline = Instant::now() + PREDECESSOR_TIME_MAX;
    loop {
        match sfu_uring::bind(addresses, SOCKET_BUFFER_BYTES) {
            Err(BindError::Taken { .. }) if Instant::now() < deadline => thread::sleep(PAUSE),
            bound => return bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_port_that_becomes_free_is_waited_for() {
        let former = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = former.local_addr().unwrap();
        let binding = thread::spawn(move || bind(&[address]));
        assert!(matches!(
            sfu_uring::bind(&[address], SOCKET_BUFFER_BYTES),
            Err(BindError::Taken { .. })
        ));
        drop(former);
        assert_eq!(binding.join().unwrap().unwrap()[0].local_address(), address);
    }
}
