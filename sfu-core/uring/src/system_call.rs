//! System calls that neither `std`, `socket2`, `mio` nor `io-uring` offers in a safe form.

use core::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};

/// Turns the kernel's -1 into its error.
fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// A counter that wakes whoever polls it when it is written to.
pub(crate) fn event_counter() -> io::Result<File> {
    // SAFETY: `eventfd` takes no pointers.
    let descriptor = checked(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
    // SAFETY: the kernel has just opened this descriptor, so nobody else owns or closes it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// Sets a socket option whose value is an `int`.
pub(crate) fn set_option(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: c_int,
) -> io::Result<()> {
    // SAFETY: the kernel reads `value`, which lives through the call, and no more than the length
    // says.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            INT_BYTES,
        )
    };
    checked(result).map(drop)
}

#[expect(clippy::cast_possible_truncation, reason = "an int has four bytes")]
const INT_BYTES: libc::socklen_t = size_of::<c_int>() as libc::socklen_t;

/// A message header that points nowhere.
pub(crate) fn empty_message() -> libc::mmsghdr {
    // SAFETY: a plain C structure of integers and pointers, for which all zeros is a value; some C
    // libraries have private padding in it, so that it cannot be written out.
    unsafe { core::mem::zeroed() }
}

/// Sends messages until one fails; says how many went. An error is that of the first.
///
/// # Safety
///
/// Each header's name, vectors and control bytes must be readable for the lengths it states.
pub(crate) unsafe fn send_many(
    socket: BorrowedFd<'_>,
    messages: &mut [libc::mmsghdr],
) -> io::Result<usize> {
    let count = libc::c_uint::try_from(messages.len()).unwrap_or(libc::c_uint::MAX);
    // SAFETY: the slice holds `count` headers; what they point to is the caller's promise.
    let sent = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            messages.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT,
        )
    };
    checked(sent).map(as_count)
}

/// Receives as many messages as there are, at most one for each header; says how many.
///
/// # Safety
///
/// Each header's name, vectors and control bytes must be writable for the lengths it states, and
/// nobody else may hold a reference to them.
pub(crate) unsafe fn receive_many(
    socket: BorrowedFd<'_>,
    messages: &mut [libc::mmsghdr],
) -> io::Result<usize> {
    let count = libc::c_uint::try_from(messages.len()).unwrap_or(libc::c_uint::MAX);
    // SAFETY: the slice holds `count` headers; what they point to is the caller's promise.
    let received = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            messages.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT,
            core::ptr::null_mut(),
        )
    };
    checked(received).map(as_count)
}

#[expect(
    clippy::cast_sign_loss,
    reason = "`checked` has taken the negative ones"
)]
fn as_count(result: c_int) -> usize {
    result as usize
}
