//! The control plane: HTTP, meetings, store, and the link to the core.
//!
//! ```text
//! http ─► service ─► one transaction (store: state + outbox) ─► node agent ─► core
//!  ▲                         │                                     │
//! page ◄─ events ◄───────────┴─────────────── live state ◄─────────┘
//! ```
#![forbid(unsafe_code)]

pub mod addresses;
pub mod app;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod events;
pub mod http;
pub mod model;
pub mod node;
pub mod roles;
pub mod sdp;
pub mod service;
pub mod sidecar;
pub mod startup;
pub mod store;
pub mod tls;
