//! Media sessions, and the index of those that are not closed.

use sfu_proto::ids::{MeetingId, SessionId};

use super::{StoreError, Tree, Tx};
use crate::model::{MediaSession, MediaState};

impl Tx<'_> {
    pub fn session(&self, session: SessionId) -> Result<Option<MediaSession>, StoreError> {
        self.get(&session.0.to_be_bytes())
    }

    pub fn put_session(&mut self, session: &MediaSession) -> Result<(), StoreError> {
        let key = session.session.0.to_be_bytes();
        let in_meeting = [session.meeting.0.to_be_bytes(), key].concat();
        if session.state == MediaState::Closed {
            self.delete(Tree::MeetingSession, in_meeting);
        } else {
            self.put_bytes(Tree::MeetingSession, in_meeting, Vec::new());
        }
        self.put(key.to_vec(), session)
    }

    /// Sessions of a meeting that are not closed; of all meetings for `None`.
    pub fn open_sessions(
        &self,
        meeting: Option<MeetingId>,
    ) -> Result<Vec<MediaSession>, StoreError> {
        let prefix = meeting.map_or_else(Vec::new, |meeting| meeting.0.to_be_bytes().to_vec());
        let index = self.scan_bytes(Tree::MeetingSession, &prefix, &[], usize::MAX)?;
        let mut sessions = Vec::with_capacity(index.len());
        for (key, _) in index {
            let session = key.get(16..).unwrap_or_default();
            sessions.extend(self.get::<MediaSession>(session)?);
        }
        Ok(sessions)
    }
}
