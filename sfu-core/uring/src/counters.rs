//! What a driver has done since it was opened. Plain numbers: one thread writes them, and the
//! worker copies them out between passes.

use core::ops::AddAssign;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a driver has done since it was opened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct IoCounters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl IoCounters {
            /// Each counter with its label.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }

        /// For the sum over all workers.
        impl AddAssign for IoCounters {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    /// Datagrams handed to the worker.
    received,
    /// Bytes of those.
    received_bytes,
    /// Datagrams that the kernel took.
    sent,
    /// Bytes of those.
    sent_bytes,
    /// Messages of more than one datagram among them (UDP GSO).
    trains,
    /// Datagrams that left in those: of `sent`, the share that left in trains.
    sent_in_trains,
    /// System calls made for receiving, sending and waiting.
    system_calls,
    /// Datagrams that the kernel refused for want of room (`EAGAIN`, `ENOBUFS`).
    send_refused,
    /// Datagrams that the kernel refused for another reason: no route, no permission, too long.
    send_failed,
    /// Trains that the kernel refused to cut; their datagrams went singly.
    trains_refused,
    /// Sockets that no longer send trains at all, because too many routes have refused one.
    gso_off,
    /// Datagrams that the kernel dropped because the socket's buffer was full (`SO_RXQ_OVFL`).
    kernel_dropped,
    /// Messages that did not fit their buffer, or came without a readable source address.
    receive_truncated,
    /// Datagrams longer than `limits::DATAGRAM_BYTES_MAX`.
    receive_oversized,
    /// Errors that a receive reported, such as an ICMP answer to something sent.
    receive_failed,
    /// Times that the kernel found no free receive buffer. The datagrams stay in the socket.
    buffers_exhausted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_each_counter_apart() {
        let mut sum = IoCounters {
            received: 1,
            trains: 2,
            ..IoCounters::default()
        };
        sum += IoCounters {
            received: 10,
            send_failed: 5,
            ..IoCounters::default()
        };
        let named: Vec<_> = sum.named().filter(|(_, value)| *value > 0).collect();
        assert_eq!(named, [("received", 11), ("trains", 2), ("send_failed", 5)]);
    }
}
