//! What a measurement stands on: the network between server and load, processes on CPUs of their
//! own, what they cost, and a clean table afterwards.

pub mod command;
mod far_side;
pub mod folder;
pub mod kernel_drops;
pub mod load_cpu;
pub mod machine;
pub mod memory;
pub mod network;
pub mod process;
pub mod undo;
pub mod usage;
