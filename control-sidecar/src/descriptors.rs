//! File descriptors: how many this process may have, and how many of them connections may take.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// For everything that is no client's connection: store, control socket, listeners, logs.
const RESERVE: u64 = 128;

/// Connections of all listeners together, however many descriptors there are. A page holds two:
/// its event socket and one for requests.
const CONNECTIONS_MAX: u64 = 16_384;

/// Raises the soft limit to the hard one. The soft one is low for programs that use `select(2)`,
/// which we do not.
pub fn raise_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(soft, hard, %error, "the limit of open files stays low");
    }
}

/// How many connections there may be at once: the store must never find the table full.
pub fn connections_max() -> usize {
    // It fails only for a resource that does not exist.
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(RESERVE, |(soft, _)| soft);
    connections_within(limit)
}

fn connections_within(limit: u64) -> usize {
    let left = limit.saturating_sub(RESERVE).clamp(1, CONNECTIONS_MAX);
    usize::try_from(left).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_store() {
        assert_eq!(connections_within(1_024), 896);
        assert_eq!(connections_within(64), 1);
        assert_eq!(connections_within(u64::MAX), 16_384);
    }
}
