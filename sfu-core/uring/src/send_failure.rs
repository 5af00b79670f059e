//! What becomes of a message that the kernel did not take.

use std::io;

use sfu_proto::packet::SendBatch;

use crate::IoCounters;
use crate::socket_table::SocketTable;
use crate::trains::Train;

/// Counts a train as taken; `settle` corrects it where the kernel says otherwise.
pub(crate) fn count_as_sent(train: &Train, counters: &mut IoCounters) {
    counters.sent += train.count as u64;
    counters.sent_bytes += train.bytes as u64;
    if !train.is_alone() {
        counters.trains += 1;
        counters.sent_in_trains += train.count as u64;
    }
}

/// Settles a train that was counted as sent and failed with the error `code`.
pub(crate) fn settle(
    code: i32,
    train: &Train,
    batch: &SendBatch,
    sockets: &mut SocketTable,
    counters: &mut IoCounters,
) {
    counters.sent -= train.count as u64;
    counters.sent_bytes -= train.bytes as u64;
    if !train.is_alone() {
        counters.trains -= 1;
        counters.sent_in_trains -= train.count as u64;
    }
    match code {
        // No checksum offload on the way out, an IPsec route, datagrams longer than the link takes,
        // or a kernel with stricter rules.
        libc::EIO | libc::EINVAL | libc::EMSGSIZE | libc::EOPNOTSUPP if !train.is_alone() => {
            send_singly(code, train, batch, sockets, counters);
        }
        code => count_failure(code, train.count as u64, counters),
    }
}

fn count_failure(code: i32, datagrams: u64, counters: &mut IoCounters) {
    match code {
        libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => counters.send_refused += datagrams,
        _ => counters.send_failed += datagrams,
    }
}

/// Sends the datagrams of a refused train one by one. If the longest goes, the train was at fault
/// and not its address (port 0, say, which anybody can forge as a source) or its length: then no
/// more trains go that way. The last, which may be shorter, proves nothing.
fn send_singly(
    code: i32,
    train: &Train,
    batch: &SendBatch,
    sockets: &mut SocketTable,
    counters: &mut IoCounters,
) {
    let Some(state) = sockets.get(train.route.socket) else {
        counters.send_failed += train.count as u64;
        return;
    };
    let remote = train.route.remote.into();
    let mut longest_went = false;
    for outgoing in &batch.outgoing()[train.first..train.end()] {
        counters.system_calls += 1;
        match state.socket.send_to(batch.bytes(outgoing), &remote) {
            Ok(_) => {
                longest_went |= outgoing.len == train.segment;
                counters.sent += 1;
                counters.sent_bytes += u64::from(outgoing.len);
            }
            Err(error) => count_failure(code_of(&error), 1, counters),
        }
    }
    if longest_went {
        sockets.note_refusal(&train.route, code, counters);
    }
}

/// The kernel's number of an error that came from the kernel.
pub(crate) fn code_of(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};

    use sfu_proto::packet::{Route, SocketIndex};

    use super::*;
    use crate::bind;

    /// Settles a train of three to `remote` that failed with `code`; says how long the next may be.
    fn settled(remote: SocketAddr, code: i32) -> (IoCounters, usize) {
        let bound = bind(&["127.0.0.1:0".parse().unwrap()], 65_536).unwrap();
        let mut sockets = SocketTable::new(bound);
        let route = Route {
            socket: SocketIndex(0),
            remote,
        };
        let mut batch = SendBatch::new(1000, 3);
        for len in [100, 100, 50] {
            batch.slot(route, len).unwrap();
        }
        let train = Train::starting_at(batch.outgoing(), 0, 64).unwrap();
        let mut counters = IoCounters::default();
        count_as_sent(&train, &mut counters);
        assert_eq!((counters.trains, counters.sent_in_trains), (1, 3));
        settle(code, &train, &batch, &mut sockets, &mut counters);
        assert_eq!((counters.trains, counters.sent_in_trains), (0, 0));
        assert_eq!(
            sockets.take_notice().is_some(),
            counters.trains_refused > 0,
            "{counters:?}"
        );
        assert_eq!(sockets.take_notice(), None);
        (counters, sockets.train_datagrams_max(&route))
    }

    #[test]
    fn a_refused_train_goes_singly_and_is_the_last_that_way() {
        for code in [libc::EIO, libc::EINVAL, libc::EMSGSIZE] {
            let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
            let (counters, longest) = settled(receiver.local_addr().unwrap(), code);
            assert_eq!((counters.sent, counters.sent_bytes), (3, 250));
            assert_eq!((counters.trains_refused, longest), (1, 1));
            let mut buffer = [0; 2000];
            for len in [100, 100, 50] {
                assert_eq!(receiver.recv(&mut buffer).unwrap(), len);
            }
        }
    }

    #[test]
    fn an_address_that_takes_nothing_changes_nothing() {
        let (counters, longest) = settled("127.0.0.1:0".parse().unwrap(), libc::EINVAL);
        assert_eq!((counters.sent, counters.send_failed), (0, 3));
        assert_eq!(counters.trains_refused, 0);
        assert!(longest > 1);
    }

    #[test]
    fn a_full_buffer_is_a_refusal() {
        let (counters, longest) = settled("127.0.0.1:9".parse().unwrap(), libc::EAGAIN);
        assert_eq!((counters.sent, counters.send_refused), (0, 3));
        assert!(longest > 1);
    }
}
