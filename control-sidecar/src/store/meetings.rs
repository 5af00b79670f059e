//! Meetings and their codes.

use sfu_proto::ids::MeetingId;

use super::{StoreError, Tree, Tx};
use crate::model::{Meeting, MeetingCode};

fn key(id: MeetingId) -> Vec<u8> {
    id.0.to_be_bytes().to_vec()
}

impl Tx<'_> {
    pub fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>, StoreError> {
        self.get(&key(id))
    }

    pub fn meeting_by_code(&self, code: &MeetingCode) -> Result<Option<Meeting>, StoreError> {
        match self.get_bytes(Tree::MeetingCode, code.as_str().as_bytes())? {
            Some(id) => self.get(&id),
            None => Ok(None),
        }
    }

    pub fn put_meeting(&mut self, meeting: &Meeting) -> Result<(), StoreError> {
        let code = meeting.code.as_str().as_bytes().to_vec();
        self.put_bytes(Tree::MeetingCode, code, key(meeting.id));
        self.put(key(meeting.id), meeting)
    }

    pub fn meetings(&self) -> Result<Vec<Meeting>, StoreError> {
        self.scan(&[], &[], usize::MAX)
    }
}
