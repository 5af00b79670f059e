//! The kernel holds a ring to what it was restricted to.

use std::fs::File;
use std::os::fd::AsRawFd;

use io_uring::{opcode, types};

use super::*;

/// A ring like a worker's, with one registered file; `None` where the kernel has no io_uring.
fn restricted_ring() -> Option<Ring> {
    let features = probe().ok()?;
    assert!(features.restrictions, "Linux has had them since 5.10");
    let mut ring = Ring::open(features).unwrap();
    let file = File::open("/dev/null").unwrap();
    let descriptors = [file.as_raw_fd()];
    ring.as_inner()
        .submitter()
        .register_files(&descriptors)
        .unwrap();
    ring.enable().unwrap();
    Some(ring)
}

/// What the kernel answers to the entry.
fn answer(ring: &mut Ring, entry: &squeue::Entry) -> i32 {
    // SAFETY: the entries of these tests point to nothing, or to text that is never freed.
    unsafe { ring.push(entry).unwrap() };
    ring.enter(Stay::ForWork).unwrap();
    let results: Vec<_> = ring.completions().map(|it| it.result()).collect();
    assert_eq!(results.len(), 1);
    results[0]
}

#[test]
fn a_forbidden_operation_is_refused() {
    let Some(mut ring) = restricted_ring() else {
        return;
    };
    let fixed = squeue::Flags::FIXED_FILE;
    let path = c"/etc/passwd".as_ptr();
    let forbidden = [
        opcode::Nop::new().build().flags(fixed),
        opcode::Nop::new().build(),
        opcode::OpenAt::new(types::Fd(libc::AT_FDCWD), path).build(),
        opcode::Socket::new(libc::AF_INET, libc::SOCK_DGRAM, 0).build(),
        opcode::Read::new(types::Fixed(0), core::ptr::null_mut(), 0).build(),
    ];
    for entry in &forbidden {
        assert_eq!(answer(&mut ring, entry), -libc::EACCES, "{entry:?}");
    }
}

#[test]
fn a_descriptor_that_was_not_registered_is_refused() {
    let Some(mut ring) = restricted_ring() else {
        return;
    };
    let readable = u32::from(libc::POLLIN.cast_unsigned());
    let by_number = opcode::PollAdd::new(types::Fd(0), readable).build();
    assert_eq!(answer(&mut ring, &by_number), -libc::EACCES);
    // The null device is always readable: what is allowed goes on.
    let registered = opcode::PollAdd::new(types::Fixed(0), readable).build();
    assert!(answer(&mut ring, &registered) > 0);
}

#[test]
fn an_entry_for_a_kernel_thread_is_refused() {
    let Some(mut ring) = restricted_ring() else {
        return;
    };
    let entry = opcode::PollAdd::new(types::Fixed(0), 1)
        .build()
        .flags(squeue::Flags::ASYNC);
    assert_eq!(answer(&mut ring, &entry), -libc::EACCES);
}

#[test]
fn nothing_more_can_be_registered() {
    let Some(ring) = restricted_ring() else {
        return;
    };
    let error = ring.as_inner().submitter().unregister_files().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EACCES));
}
