//! The I/O drivers.
