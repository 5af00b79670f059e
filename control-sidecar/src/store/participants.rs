//! Participants and the tokens that speak for them.

use sfu_proto::ids::{MeetingId, ParticipantId};

use super::{StoreError, Tree, Tx};
use crate::model::{Participant, TokenHash, TokenRow};

fn key(meeting: MeetingId, participant: ParticipantId) -> Vec<u8> {
    [
        meeting.0.to_be_bytes().as_slice(),
        participant.0.to_be_bytes().as_slice(),
    ]
    .concat()
}

impl Tx<'_> {
    pub fn participant(
        &self,
        meeting: MeetingId,
        participant: ParticipantId,
    ) -> Result<Option<Participant>, StoreError> {
        self.get(&key(meeting, participant))
    }

    pub fn put_participant(&mut self, participant: &Participant) -> Result<(), StoreError> {
        self.put(key(participant.meeting, participant.id), participant)
    }

    /// Those that have not left, in the order they joined.
    pub fn present(&self, meeting: MeetingId) -> Result<Vec<Participant>, StoreError> {
        let mut all: Vec<Participant> = self.scan(&meeting.0.to_be_bytes(), &[], usize::MAX)?;
        all.retain(Participant::is_present);
        Ok(all)
    }

    pub fn token(&self, hash: TokenHash) -> Result<Option<TokenRow>, StoreError> {
        self.get(&hash.0)
    }

    pub fn put_token(&mut self, hash: TokenHash, row: &TokenRow) -> Result<(), StoreError> {
        self.put(hash.0.to_vec(), row)
    }

    pub fn delete_token(&mut self, hash: TokenHash) {
        self.delete(Tree::Token, hash.0.to_vec());
    }
}
