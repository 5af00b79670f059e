//! The control plane: HTTP, meetings, store, and the link to the core.

pub mod sdp;
