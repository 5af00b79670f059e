//! Which cores this process may run on, and keeping a worker on one of them.

use std::io;

/// The set of cores as the kernel writes it: one bit each.
fn empty_set() -> libc::cpu_set_t {
    // SAFETY: a plain array of integers, for which all zeros is a value.
    unsafe { core::mem::zeroed() }
}

const CORES_MAX: usize = libc::CPU_SETSIZE as usize;

/// The cores that this thread may run on, in order: fewer than the machine has inside a container
/// or under `taskset`.
pub fn allowed_cores() -> io::Result<Vec<usize>> {
    let mut set = empty_set();
    // SAFETY: `set` is writable for the length stated. 0 names the calling thread.
    let result = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let is_allowed = |core: &usize| {
        // SAFETY: reads a bit of `set`; `core` is below CPU_SETSIZE, the number of its bits.
        unsafe { libc::CPU_ISSET(*core, &set) }
    };
    Ok((0..CORES_MAX).filter(is_allowed).collect())
}

/// Keeps the calling thread on one core. An error means that the core does not exist or is not
/// among the allowed ones.
pub fn pin_current_thread(core: usize) -> io::Result<()> {
    if core >= CORES_MAX {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let mut set = empty_set();
    // SAFETY: writes a bit of `set`; `core` is below CPU_SETSIZE, the number of its bits.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: `set` is readable for the length stated. 0 names the calling thread.
    let result = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_has_one_core_left() {
        // Its own thread, so that no other test runs pinned.
        let thread = std::thread::spawn(|| {
            let last = *allowed_cores().unwrap().last().unwrap();
            pin_current_thread(last).unwrap();
            (last, allowed_cores().unwrap())
        });
        let (last, left) = thread.join().unwrap();
        assert_eq!(left, [last]);
    }

    #[test]
    fn a_core_that_does_not_exist_is_refused() {
        assert!(pin_current_thread(CORES_MAX - 1).is_err());
        assert!(pin_current_thread(usize::MAX).is_err());
    }
}
