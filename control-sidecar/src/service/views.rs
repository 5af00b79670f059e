//! What the API shows, put together from the store and the live state.

use super::ServiceError;
use crate::model::{Meeting, MeetingView, ParticipantView};
use crate::node::Live;
use crate::store::Tx;

pub fn meeting(tx: &Tx<'_>, live: &Live, meeting: &Meeting) -> Result<MeetingView, ServiceError> {
    let participants = tx.present(meeting.id)?;
    let views = participants
        .iter()
        .map(|who| ParticipantView::new(who, live.sources(meeting.id, who.id)))
        .collect();
    Ok(MeetingView::new(meeting, views))
}
