//! The HTTP contract, against a real server on loopback with a store of its own and a fake core
//! that speaks the real control protocol over a real Unix socket.

mod client;
mod errors;
mod events;
mod fake_core;
mod idempotency;
mod limits;
mod media;
mod meetings;
mod moderation;
mod restarts;
mod world;
