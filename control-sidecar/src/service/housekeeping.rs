//! What is forgotten with time.

use core::time::Duration;

use super::ServiceError;
use crate::model::Timestamp;
use crate::store::Tx;

/// Answers are repeated for this long; a client that retries later asks anew.
const REPLAY_LIFETIME: Duration = Duration::from_secs(48 * 3_600);

/// Rows deleted in one transaction, so that none takes long.
const ROWS_MAX: usize = 500;

/// Returns whether there is more to forget.
pub fn forget(tx: &mut Tx<'_>) -> Result<bool, ServiceError> {
    let lifetime = u64::try_from(REPLAY_LIFETIME.as_millis()).unwrap_or(u64::MAX);
    let before = Timestamp(tx.now().0.saturating_sub(lifetime));
    Ok(tx.forget_replays(before, ROWS_MAX)? == ROWS_MAX)
}
