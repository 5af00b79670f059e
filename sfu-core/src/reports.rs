//! A worker's way to the control thread. It never waits: answers that find no room are kept, reports
//! are dropped, and once there is room again the control thread is told that some are missing.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;

use sfu_proto::control::Report;

use crate::control::ControlEvent;
use crate::mailbox::FromWorker;

#[derive(Debug)]
pub(crate) struct Reports {
    worker: usize,
    queue: SyncSender<ControlEvent>,
    /// Answers that found no room. The worker takes no mail meanwhile, so that they are few.
    kept: VecDeque<FromWorker>,
    has_lost: bool,
    dropped: u64,
}

impl Reports {
    pub(crate) fn new(worker: usize, queue: SyncSender<ControlEvent>) -> Self {
        Self {
            worker,
            queue,
            kept: VecDeque::new(),
            has_lost: false,
            dropped: 0,
        }
    }

    /// An answer to something asked: it must arrive.
    pub(crate) fn answer(&mut self, answer: FromWorker) {
        self.kept.push_back(answer);
        self.send_kept();
    }

    /// What nobody asked for. It does not overtake an answer.
    pub(crate) fn report(&mut self, report: Report) {
        let is_sent = self.kept.is_empty() && self.try_send(FromWorker::Report(report)).is_none();
        self.has_lost |= !is_sent;
        self.dropped += u64::from(!is_sent);
    }

    /// Once a pass: says what could not be said before.
    pub(crate) fn catch_up(&mut self) {
        self.send_kept();
        if self.has_lost && self.kept.is_empty() {
            self.has_lost = self.try_send(FromWorker::Behind).is_some();
        }
    }

    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.has_lost || self.has_kept()
    }

    /// Reports that the control thread was too far behind to take.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn send_kept(&mut self) {
        while let Some(answer) = self.kept.pop_front() {
            if let Some(answer) = self.try_send(answer) {
                self.kept.push_front(answer);
                return;
            }
        }
    }

    /// Gives back what finds no room. Without a control thread the process ends.
    fn try_send(&self, message: FromWorker) -> Option<FromWorker> {
        use std::sync::mpsc::TrySendError::{Disconnected, Full};
        match self
            .queue
            .try_send(ControlEvent::Worker(self.worker, message))
        {
            Err(Full(ControlEvent::Worker(_, message))) => Some(message),
            Ok(()) | Err(Full(_) | Disconnected(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Ticket;
    use sfu_proto::ids::MeetingId;
    use std::sync::mpsc::{Receiver, sync_channel};

    fn said(events: &Receiver<ControlEvent>) -> FromWorker {
        match events.try_recv() {
            Ok(ControlEvent::Worker(3, message)) => message,
            other => panic!("{other:?}"),
        }
    }

    fn silence() -> Report {
        Report::Speaking {
            meeting: MeetingId(1),
            participants: Vec::new(),
        }
    }

    #[test]
    fn a_lost_report_is_owned_up_to_once_there_is_room() {
        let (queue, events) = sync_channel(1);
        let mut reports = Reports::new(3, queue);
        reports.report(silence());
        reports.report(silence());
        assert!(reports.is_behind());
        reports.catch_up();
        assert!(matches!(said(&events), FromWorker::Report(_)));
        reports.catch_up();
        assert!(matches!(said(&events), FromWorker::Behind));
        assert!(!reports.is_behind());
        assert_eq!(reports.dropped(), 1);
    }

    #[test]
    fn an_answer_is_kept_and_nothing_overtakes_it() {
        let (queue, events) = sync_channel(1);
        let mut reports = Reports::new(3, queue);
        reports.report(silence());
        reports.answer(FromWorker::Counters(Ticket::default(), Vec::new()));
        assert!(reports.has_kept());
        assert!(matches!(said(&events), FromWorker::Report(_)));
        reports.report(silence());
        assert!(events.try_recv().is_err());
        reports.catch_up();
        assert!(matches!(said(&events), FromWorker::Counters(..)));
        reports.catch_up();
        assert!(matches!(said(&events), FromWorker::Behind));
    }
}
