//! The nouns of the control plane, as the store keeps them and as the API shows them.
//!
//! A record's fields only ever grow; a change of meaning raises its version in `store::record`.

mod code;
mod event;
mod idempotency;
mod media_session;
mod meeting;
mod outbox;
mod participant;
pub mod random;
mod timestamp;
mod token;
mod view;

pub use code::{MeetingCode, NotACode};
pub use event::{Announcement, Audience, CoreState, Event, LeftReason, MediaPhase, SlotView};
pub use idempotency::{Answer, Replay};
pub use media_session::{MediaSession, MediaState};
pub use meeting::{Meeting, MeetingStatus};
pub use outbox::OutboxRow;
pub use participant::{Muted, Participant, Role, SourceName};
pub use timestamp::Timestamp;
pub use token::{SessionToken, TokenHash, TokenRow};
pub use view::{JoinView, LiveSources, MeetingView, ParticipantView};
