//! The words between sidecar and core: orders one way, answers and reports the other.
//!
//! SDP and JSON end in the sidecar; what arrives here is typed, versioned and idempotent by id
//! (DESIGN D8). Frames on the Unix socket: [`codec`].

pub mod codec;
mod command;
mod plan;
mod report;

pub use command::{Command, Order, Outcome, Refusal, SessionOpened, SlotSource, ToCore, Wanted};
pub use plan::{
    Codec, ExtensionIds, Fingerprint, IceCredentials, Mid, PublishLine, Rid, SessionPlan,
    SlotCodec, SlotKind, SlotLine, Source, Token,
};
pub use report::{
    FromCore, MeetingState, Report, SessionEnd, SessionPhase, SessionState, SlotState, Snapshot,
};

/// Rises with every change to these types. Both sides say it first and part if it differs.
pub const VERSION: u16 = 1;
