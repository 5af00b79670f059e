//! Who listens to which meeting. A socket that does not keep up is closed, never waited for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sfu_proto::ids::{MeetingId, ParticipantId};
use tokio::sync::{mpsc, oneshot};

use crate::model::{Announcement, Audience, Event};

/// Events that wait for one socket: some seconds of a lively meeting.
const QUEUE_MAX: usize = 256;

/// Sockets of one participant. A page has one, and for a while those that its network has lost.
const SOCKETS_PER_PARTICIPANT_MAX: usize = 4;

/// Why the server closes an event socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// The participant has left.
    Normal,
    /// The server stops; come back.
    Restarting,
    BadToken,
    NoMeeting,
    Ended,
    TooSlow,
}

impl CloseCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Restarting => 1012,
            Self::BadToken => 4401,
            Self::NoMeeting => 4404,
            Self::Ended => 4410,
            Self::TooSlow => 4413,
        }
    }
}

/// What a socket's queue holds.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// The event as a JSON object, without `seq`.
    Event(Arc<str>),
    Close(CloseCode),
}

#[derive(Debug, Default)]
pub struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    meetings: HashMap<MeetingId, Vec<Listener>>,
}

#[derive(Debug)]
struct Listener {
    id: u64,
    participant: ParticipantId,
    queue: mpsc::Sender<Outgoing>,
    /// Ends the conversation at once, whatever is queued; dropped, it says that the socket was too
    /// slow.
    cut: oneshot::Sender<CloseCode>,
}

/// A socket's end. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    meeting: MeetingId,
    id: u64,
    pub queue: mpsc::Receiver<Outgoing>,
    /// Resolves when the hub has let go of the socket: another has taken its place, or (an error)
    /// its queue has overflowed.
    pub cut: oneshot::Receiver<CloseCode>,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn subscribe(
        self: &Arc<Self>,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Subscription {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let (cut, cutting) = oneshot::channel();
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let listeners = state.meetings.entry(meeting).or_default();
        let is_own = |listener: &Listener| listener.participant == participant;
        if listeners.iter().filter(|own| is_own(own)).count() >= SOCKETS_PER_PARTICIPANT_MAX
            && let Some(oldest) = listeners.iter().position(is_own)
        {
            // It makes room at once; whether its task is still there to hear it does not matter.
            let _ = listeners.remove(oldest).cut.send(CloseCode::Normal);
        }
        listeners.push(Listener {
            id,
            participant,
            queue: sender,
            cut,
        });
        Subscription {
            hub: Arc::clone(self),
            meeting,
            id,
            queue,
            cut: cutting,
        }
    }

    pub fn announce(&self, announcement: &Announcement) {
        let only = match announcement.to {
            Audience::Everyone => None,
            Audience::Only(participant) => Some(participant),
        };
        let mut state = self.lock();
        if let Some(listeners) = state.meetings.get_mut(&announcement.meeting) {
            let outgoing = Outgoing::Event(text(&announcement.event));
            send(listeners, only, &outgoing);
        }
    }

    /// To every socket of every meeting.
    pub fn announce_everywhere(&self, event: &Event) {
        let outgoing = Outgoing::Event(text(event));
        for listeners in self.lock().meetings.values_mut() {
            send(listeners, None, &outgoing);
        }
    }

    /// Closes sockets after what is queued for them: of one participant, or of the whole meeting.
    pub fn close(&self, meeting: MeetingId, whose: Option<ParticipantId>, code: CloseCode) {
        if let Some(listeners) = self.lock().meetings.get_mut(&meeting) {
            send(listeners, whose, &Outgoing::Close(code));
        }
    }

    pub fn close_all(&self, code: CloseCode) {
        for listeners in self.lock().meetings.values_mut() {
            send(listeners, None, &Outgoing::Close(code));
        }
    }

    pub fn has_socket(&self, meeting: MeetingId, participant: ParticipantId) -> bool {
        self.lock().meetings.get(&meeting).is_some_and(|listeners| {
            listeners
                .iter()
                .any(|listener| listener.participant == participant)
        })
    }

    pub fn socket_count(&self) -> usize {
        self.lock().meetings.values().map(Vec::len).sum()
    }

    fn unsubscribe(&self, meeting: MeetingId, id: u64) {
        let mut state = self.lock();
        if let Some(listeners) = state.meetings.get_mut(&meeting) {
            listeners.retain(|listener| listener.id != id);
            if listeners.is_empty() {
                state.meetings.remove(&meeting);
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.unsubscribe(self.meeting, self.id);
    }
}

fn send(listeners: &mut Vec<Listener>, only: Option<ParticipantId>, outgoing: &Outgoing) {
    listeners.retain(|listener| {
        let meant = only.is_none_or(|participant| participant == listener.participant);
        !meant || listener.queue.try_send(outgoing.clone()).is_ok()
    });
}

pub(super) fn text(event: &Event) -> Arc<str> {
    // An event holds only strings, numbers and lists of them, which always make JSON.
    serde_json::to_string(event).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEETING: MeetingId = MeetingId(1);

    fn speaking() -> Announcement {
        Announcement {
            meeting: MEETING,
            to: Audience::Everyone,
            event: Event::Speaking {
                participant_ids: Vec::new(),
            },
        }
    }

    #[test]
    fn a_socket_that_does_not_read_is_let_go_and_told() {
        let hub = Arc::new(Hub::default());
        let mut slow = hub.subscribe(MEETING, ParticipantId(1));
        for _ in 0..QUEUE_MAX {
            hub.announce(&speaking());
        }
        assert_eq!(
            slow.cut.try_recv(),
            Err(oneshot::error::TryRecvError::Empty)
        );
        hub.announce(&speaking());
        assert_eq!(
            slow.cut.try_recv(),
            Err(oneshot::error::TryRecvError::Closed)
        );
        assert_eq!(hub.socket_count(), 0);
    }

    #[test]
    fn one_participant_holds_few_sockets_however_many_they_open() {
        let hub = Arc::new(Hub::default());
        let _bob = hub.subscribe(MEETING, ParticipantId(2));
        let mut sockets: Vec<_> = (0..30)
            .map(|_| hub.subscribe(MEETING, ParticipantId(1)))
            .collect();
        assert_eq!(hub.socket_count(), 1 + SOCKETS_PER_PARTICIPANT_MAX);
        let cut: Vec<_> = sockets
            .iter_mut()
            .map(|socket| socket.cut.try_recv() == Ok(CloseCode::Normal))
            .collect();
        assert!(cut[..26].iter().all(|cut| *cut), "{cut:?}");
        assert!(!cut[26..].iter().any(|cut| *cut), "{cut:?}");
    }

    #[test]
    fn what_is_for_one_reaches_only_that_one() {
        let hub = Arc::new(Hub::default());
        let mut ann = hub.subscribe(MEETING, ParticipantId(1));
        let mut bob = hub.subscribe(MEETING, ParticipantId(2));
        hub.announce(&Announcement {
            to: Audience::Only(ParticipantId(2)),
            ..speaking()
        });
        assert!(ann.queue.try_recv().is_err());
        assert!(bob.queue.try_recv().is_ok());
        drop(bob);
        assert!(!hub.has_socket(MEETING, ParticipantId(2)));
    }
}
