//! The sockets of a driver, and what it has learnt about each.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use sfu_proto::packet::{Route, SocketIndex};
use socket2::Socket;

use crate::train_limit::{Change, TrainLimit};
use crate::{BoundSocket, IoCounters, Notice};

#[derive(Debug)]
pub(crate) struct SocketState {
    pub(crate) socket: Socket,
    local_address: SocketAddr,
    train_limit: TrainLimit,
    notice: Option<Notice>,
    lost_in_all: u32,
}

#[derive(Debug)]
pub(crate) struct SocketTable {
    sockets: Vec<SocketState>,
    /// Whether any of them has a notice.
    has_notice: bool,
}

impl SocketTable {
    pub(crate) fn new(sockets: Vec<BoundSocket>) -> Self {
        let state = |bound: BoundSocket| SocketState {
            local_address: bound.local_address(),
            train_limit: TrainLimit::new(bound.train_datagrams_max()),
            socket: bound.into_socket(),
            notice: None,
            lost_in_all: 0,
        };
        Self {
            sockets: sockets.into_iter().map(state).collect(),
            has_notice: false,
        }
    }

    pub(crate) fn get(&self, index: SocketIndex) -> Option<&SocketState> {
        self.sockets.get(usize::from(index.0))
    }

    pub(crate) fn get_mut(&mut self, index: SocketIndex) -> Option<&mut SocketState> {
        self.sockets.get_mut(usize::from(index.0))
    }

    pub(crate) fn descriptor(&self, index: SocketIndex) -> Option<BorrowedFd<'_>> {
        self.get(index).map(|state| state.socket.as_fd())
    }

    /// Datagrams of the longest train by this route.
    pub(crate) fn train_datagrams_max(&self, route: &Route) -> usize {
        let limit = self.get(route.socket).map(|it| &it.train_limit);
        limit.map_or(1, |it| it.count_max(route.remote.ip()))
    }

    /// A train by this route was refused with the error `code`, and its datagrams went singly.
    pub(crate) fn note_refusal(&mut self, route: &Route, code: i32, counters: &mut IoCounters) {
        let Some(state) = self.get_mut(route.socket) else {
            return;
        };
        counters.trains_refused += 1;
        let (local, remote) = (state.local_address, route.remote.ip());
        match state.train_limit.note_refusal(remote) {
            Change::First => {
                state.notice = Some(Notice::TrainRefused {
                    local,
                    remote,
                    code,
                });
                self.has_notice = true;
            }
            Change::Off => {
                counters.gso_off += 1;
                state.notice = Some(Notice::TrainsOff { local });
                self.has_notice = true;
            }
            Change::Another | Change::None => {}
        }
    }

    pub(crate) fn take_notice(&mut self) -> Option<Notice> {
        if !self.has_notice {
            return None;
        }
        let found = self.sockets.iter_mut().find_map(|it| it.notice.take());
        self.has_notice = found.is_some();
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = SocketIndex> + Clone + use<> {
        (0..=u8::MAX).take(self.len()).map(SocketIndex)
    }

    pub(crate) fn raw_descriptors(&self) -> impl Iterator<Item = RawFd> {
        self.sockets.iter().map(|state| state.socket.as_raw_fd())
    }

    /// Takes in the kernel's running count of a socket's losses (modulo 2^32).
    pub(crate) fn note_losses(
        &mut self,
        index: SocketIndex,
        lost_in_all: u32,
        counters: &mut IoCounters,
    ) {
        if let Some(state) = self.get_mut(index) {
            let lost = lost_in_all.wrapping_sub(state.lost_in_all);
            state.lost_in_all = lost_in_all;
            counters.kernel_dropped += u64::from(lost);
        }
    }
}
