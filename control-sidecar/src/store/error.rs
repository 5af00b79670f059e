//! Why the store could not do it, and what the operator can do.

/// All of these are the operator's to cure, never the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store at {path} does not open: {why}. Is another sidecar running on it? If not, check the disk and its permissions"
    )]
    Open { path: String, why: String },
    #[error("the store failed: {0}. Check the disk; the sidecar must be restarted")]
    Engine(String),
    #[error(
        "a {tree} record is of version {found}; this program knows up to {known}. Run the newer program on this data directory"
    )]
    Version {
        tree: &'static str,
        found: u8,
        known: u8,
    },
    #[error("a {tree} record does not decode: {why}. Restore the data directory from a backup")]
    Record { tree: &'static str, why: String },
    #[error("a record of {bytes} bytes is too long for the store")]
    TooLong { bytes: usize },
    #[error("too many writes are waiting")]
    Busy,
    /// A bug in a verb; its changes are not applied.
    #[error(
        "a rule of the control plane panicked; this is a defect, please report it with the log"
    )]
    Panicked,
}
