//! The whole core with its real threads, sockets and drivers, as a sidecar sees it.

mod links;
mod orders;
mod rig;
