//! The sockets of a driver, and what it has learnt about each.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use sfu_proto::packet::SocketIndex;
use socket2::Socket;

use crate::{BoundSocket, IoCounters};

#[derive(Debug)]
pub(crate) struct SocketState {
    pub(crate) socket: Socket,
    /// Whether trains may be sent: the kernel knows them, and none has been refused.
    pub(crate) sends_trains: bool,
    lost_in_all: u32,
}

#[derive(Debug)]
pub(crate) struct SocketTable(Vec<SocketState>);

impl SocketTable {
    pub(crate) fn new(sockets: Vec<BoundSocket>) -> Self {
        let state = |bound: BoundSocket| SocketState {
            sends_trains: bound.sends_trains(),
            socket: bound.into_socket(),
            lost_in_all: 0,
        };
        Self(sockets.into_iter().map(state).collect())
    }

    pub(crate) fn get(&self, index: SocketIndex) -> Option<&SocketState> {
        self.0.get(usize::from(index.0))
    }

    pub(crate) fn get_mut(&mut self, index: SocketIndex) -> Option<&mut SocketState> {
        self.0.get_mut(usize::from(index.0))
    }

    pub(crate) fn descriptor(&self, index: SocketIndex) -> Option<BorrowedFd<'_>> {
        self.get(index).map(|state| state.socket.as_fd())
    }

    pub(crate) fn sends_trains(&self, index: SocketIndex) -> bool {
        self.get(index).is_some_and(|state| state.sends_trains)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = SocketIndex> + Clone + use<> {
        (0..=u8::MAX).take(self.len()).map(SocketIndex)
    }

    pub(crate) fn raw_descriptors(&self) -> impl Iterator<Item = RawFd> {
        self.0.iter().map(|state| state.socket.as_raw_fd())
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
