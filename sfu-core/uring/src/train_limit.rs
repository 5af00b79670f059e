//! How long a train of one socket may be, and to whom none may go.
//!
//! It is the route that refuses a train: an IPsec policy, a device without checksum offload. So it
//! is held against the remote host, not the socket: one participant behind a tunnel must not cost
//! all others their trains. The list is short; a socket that fills it has a device that never cuts.

use std::net::IpAddr;

/// Hosts that a socket remembers.
pub(crate) const HOSTS_MAX: usize = 32;

#[derive(Debug)]
pub(crate) struct TrainLimit {
    /// Datagrams; 1 means no trains.
    count_max: usize,
    /// Room for `HOSTS_MAX` from the start: the packet path allocates nothing.
    refusing: Vec<IpAddr>,
}

/// What a refusal has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The first host of this socket to refuse.
    First,
    /// One more host.
    Another,
    /// The list was full: no more trains at all.
    Off,
    /// It was known.
    None,
}

impl TrainLimit {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            count_max,
            refusing: Vec::with_capacity(HOSTS_MAX),
        }
    }

    /// Datagrams of the longest train to `remote`.
    pub(crate) fn count_max(&self, remote: IpAddr) -> usize {
        if self.refusing.contains(&remote) {
            1
        } else {
            self.count_max
        }
    }

    pub(crate) fn note_refusal(&mut self, remote: IpAddr) -> Change {
        if self.count_max(remote) == 1 {
            return Change::None;
        }
        if self.refusing.len() == HOSTS_MAX {
            self.count_max = 1;
            self.refusing.clear();
            return Change::Off;
        }
        self.refusing.push(remote);
        if self.refusing.len() == 1 {
            Change::First
        } else {
            Change::Another
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: usize) -> IpAddr {
        [10, 0, 0, u8::try_from(number).unwrap()].into()
    }

    #[test]
    fn one_host_refuses_for_itself_alone() {
        let mut limit = TrainLimit::new(64);
        assert_eq!(limit.note_refusal(host(1)), Change::First);
        assert_eq!(limit.note_refusal(host(1)), Change::None);
        assert_eq!(
            (limit.count_max(host(1)), limit.count_max(host(2))),
            (1, 64)
        );
        assert_eq!(limit.note_refusal(host(2)), Change::Another);
    }

    #[test]
    fn a_full_list_ends_all_trains() {
        let mut limit = TrainLimit::new(64);
        for number in 0..HOSTS_MAX {
            assert_ne!(limit.note_refusal(host(number)), Change::Off);
        }
        assert_eq!(limit.count_max(host(200)), 64);
        assert_eq!(limit.note_refusal(host(200)), Change::Off);
        assert_eq!(limit.count_max(host(201)), 1);
        assert_eq!(limit.note_refusal(host(202)), Change::None);
    }
}
