//! A worker's way to the handshake thread. It never waits: records that find no room are dropped,
//! since the far side repeats its flight; beginnings and ends come once and are kept.

use std::collections::VecDeque;

use sfu_proto::control::Fingerprint;
use sfu_proto::ids::SessionId;

use crate::dtls::{DtlsInput, DtlsSender, Full};

#[derive(Debug)]
pub(crate) struct Handshakes {
    worker: usize,
    thread: DtlsSender,
    /// Beginnings and ends that found no room, oldest first: one of either for a session.
    kept: VecDeque<DtlsInput>,
    records_dropped: u64,
}

impl Handshakes {
    /// Also ends what an earlier life of this worker has left.
    pub(crate) fn new(worker: usize, thread: DtlsSender) -> Self {
        Self {
            worker,
            thread,
            kept: VecDeque::from([DtlsInput::CloseAll { worker }]),
            records_dropped: 0,
        }
    }

    pub(crate) fn begin(&mut self, session: SessionId, remote: Fingerprint) {
        if !self.keeps_beginning(session) {
            self.keep(DtlsInput::Open {
                session,
                worker: self.worker,
                remote,
            });
        }
    }

    pub(crate) fn take(&mut self, session: SessionId, bytes: Vec<u8>) {
        let input = DtlsInput::Records { session, bytes };
        let is_sent = self.kept.is_empty() && self.thread.try_send(input).is_ok();
        self.records_dropped += u64::from(!is_sent);
    }

    pub(crate) fn end(&mut self, session: SessionId) {
        self.kept.retain(|kept| !begins(kept, session));
        self.keep(DtlsInput::Close { session });
    }

    /// Once a pass: says what could not be said before.
    pub(crate) fn catch_up(&mut self) {
        while let Some(input) = self.kept.pop_front() {
            if let Err(Full(input)) = self.thread.try_send(input) {
                self.kept.push_front(input);
                return;
            }
        }
    }

    pub(crate) fn is_behind(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Datagrams that the handshake thread was too far behind to take.
    pub(crate) fn records_dropped(&self) -> u64 {
        self.records_dropped
    }

    /// Datagrams of all workers that it took and then dropped: their session had enough waiting.
    pub(crate) fn sessions_records_dropped(&self) -> u64 {
        self.thread.dropped()
    }

    fn keep(&mut self, input: DtlsInput) {
        self.kept.push_back(input);
        self.catch_up();
    }

    fn keeps_beginning(&self, session: SessionId) -> bool {
        self.kept.iter().any(|kept| begins(kept, session))
    }
}

fn begins(input: &DtlsInput, begun: SessionId) -> bool {
    matches!(input, DtlsInput::Open { session, .. } if *session == begun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::Receiver;

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);

    fn handshakes(room: usize) -> (Handshakes, Receiver<DtlsInput>) {
        let (thread, inputs) = DtlsSender::to_nobody(room);
        (Handshakes::new(3, thread), inputs)
    }

    fn all(handshakes: &mut Handshakes, inputs: &mut Receiver<DtlsInput>) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            handshakes.catch_up();
            match inputs.try_recv() {
                Ok(DtlsInput::Open { session, .. }) => all.push(format!("open {}", session.0)),
                Ok(DtlsInput::Records { session, .. }) => all.push(format!("take {}", session.0)),
                Ok(DtlsInput::Close { session }) => all.push(format!("close {}", session.0)),
                Ok(DtlsInput::CloseAll { worker }) => all.push(format!("close all of {worker}")),
                Err(_) => return all,
            }
        }
    }

    #[test]
    fn a_new_life_ends_the_old_ones_sessions_first() {
        let (mut handshakes, mut inputs) = handshakes(9);
        handshakes.begin(A, Fingerprint([0; 32]));
        handshakes.take(A, vec![22]);
        let said = all(&mut handshakes, &mut inputs);
        assert_eq!(said, ["close all of 3", "open 1", "take 1"]);
    }

    #[test]
    fn beginnings_and_ends_are_kept_in_order_and_records_are_not() {
        let (mut handshakes, mut inputs) = handshakes(1);
        handshakes.catch_up();
        handshakes.begin(A, Fingerprint([0; 32]));
        handshakes.take(A, vec![22]);
        handshakes.end(B);
        assert!(handshakes.is_behind());
        let said = all(&mut handshakes, &mut inputs);
        assert_eq!(said, ["close all of 3", "open 1", "close 2"]);
        assert_eq!(handshakes.records_dropped(), 1);
        assert!(!handshakes.is_behind());
    }

    #[test]
    fn a_session_that_ends_before_it_began_leaves_one_end_at_most() {
        let (mut handshakes, mut inputs) = handshakes(1);
        handshakes.catch_up();
        handshakes.begin(A, Fingerprint([0; 32]));
        handshakes.begin(A, Fingerprint([0; 32]));
        handshakes.end(A);
        assert_eq!(handshakes.kept.len(), 1);
        assert_eq!(
            all(&mut handshakes, &mut inputs),
            ["close all of 3", "close 1"]
        );
    }
}
