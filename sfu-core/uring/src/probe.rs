//! What the kernel offers of io_uring, found by asking it; refused by name, with the cure.

use std::io;

use io_uring::{IoUring, Probe, opcode};

use crate::uring::restriction;

const SYSCTL_PATH: &str = "/proc/sys/kernel/io_uring_disabled";
const RELEASE_PATH: &str = "/proc/sys/kernel/osrelease";

/// What goes beyond the least that we need (Linux 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFeatures {
    /// Entries are consumed in order, without an array of indices between (6.6).
    pub no_sq_array: bool,
    /// A wait may gather completions for a while before it returns (6.12).
    pub min_wait: bool,
    /// A ring may be held to the operations it names (5.10; asked for all the same, since a
    /// kernel may be built or patched without).
    pub restrictions: bool,
    /// A sleeping worker need not show as waiting for a disk (6.15).
    pub no_io_wait: bool,
}

/// Why io_uring cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum RingRefusal {
    #[error(
        "io_uring is switched off by kernel.io_uring_disabled={value}: \
         sysctl -w kernel.io_uring_disabled=0"
    )]
    Sysctl { value: String },
    #[error(
        "io_uring is forbidden to this process: allow io_uring_setup, io_uring_enter and \
         io_uring_register in the seccomp filter of the container or unit"
    )]
    Forbidden,
    #[error("Linux {release} lacks what io_uring needs here: use 6.1 or later")]
    TooOld { release: String },
    #[error("the memory that may be locked is used up: raise LimitMEMLOCK of the unit")]
    Memory,
    #[error("the kernel refuses to set io_uring up: {0}")]
    System(io::Error),
}

impl RingRefusal {
    /// What the kernel's answer means on this machine.
    pub(crate) fn from_kernel(error: io::Error) -> Self {
        refusal(error, &system_text)
    }
}

/// Asks the kernel for a small ring like those of the workers, and gives it back.
pub fn probe() -> Result<RingFeatures, RingRefusal> {
    let no_sq_array = build(8, 8, true).is_ok();
    let ring = build(8, 8, no_sq_array).map_err(RingRefusal::from_kernel)?;
    let mut known = Probe::new();
    ring.submitter()
        .register_probe(&mut known)
        .map_err(RingRefusal::from_kernel)?;
    let needed = [
        opcode::Send::CODE,
        opcode::SendMsg::CODE,
        opcode::RecvMsgMulti::CODE,
        opcode::PollAdd::CODE,
    ];
    if !needed.iter().all(|code| known.is_supported(*code)) {
        return Err(RingRefusal::from_kernel(io::Error::from_raw_os_error(
            libc::EINVAL,
        )));
    }
    Ok(RingFeatures {
        no_sq_array,
        restrictions: restriction::apply(&ring).is_ok(),
        min_wait: ring.params().is_feature_min_timeout(),
        no_io_wait: ring.params().is_feature_no_iowait(),
    })
}

/// A ring whose completions run only inside our own `io_uring_enter` (DEFER_TASKRUN), and which one
/// thread alone may use (SINGLE_ISSUER): the thread that enables it, since it starts disabled. An
/// entry that is refused at once does not stop those after it (SUBMIT_ALL).
pub(crate) fn build(submissions: u32, completions: u32, no_sq_array: bool) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .dontfork()
        .setup_r_disabled()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .setup_cqsize(completions);
    if no_sq_array {
        builder.setup_no_sqarray();
    }
    builder.build(submissions)
}

fn system_text(path: &str) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn refusal(error: io::Error, read: &dyn Fn(&str) -> String) -> RingRefusal {
    let switch = read(SYSCTL_PATH);
    match error.raw_os_error() {
        Some(libc::EPERM) if !matches!(switch.as_str(), "" | "0") => {
            RingRefusal::Sysctl { value: switch }
        }
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => RingRefusal::Forbidden,
        Some(libc::EINVAL) => RingRefusal::TooOld {
            release: read(RELEASE_PATH),
        },
        Some(libc::ENOMEM) => RingRefusal::Memory,
        _ => RingRefusal::System(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer on a system whose sysctl says `switch`.
    fn answer(code: i32, switch: &str) -> String {
        let read = |path: &str| match path {
            SYSCTL_PATH => switch.to_owned(),
            _ => "5.15.0".to_owned(),
        };
        refusal(io::Error::from_raw_os_error(code), &read).to_string()
    }

    #[test]
    fn each_refusal_names_its_cure() {
        assert!(answer(libc::EPERM, "2").ends_with("sysctl -w kernel.io_uring_disabled=0"));
        assert!(answer(libc::EPERM, "0").contains("seccomp"));
        assert!(answer(libc::ENOSYS, "").contains("seccomp"));
        assert!(answer(libc::EINVAL, "0").contains("5.15.0 lacks"));
        assert!(answer(libc::ENOMEM, "0").contains("LimitMEMLOCK"));
        assert!(answer(libc::EMFILE, "0").contains("Too many open files"));
    }
}
