//! What is joined and sent, how long, and what comes of it.
//!
//! ```text
//!  fanout, rooms, …  ─► Scenario ─┐
//!                    settings ────┼─► run: join ─ warm up ─ window ─► Figures
//!                    Target ──────┘      │
//!                                        ├─ search    the highest rate that holds
//!                                        └─ rounds    ours and another's in turn, and their ratio
//! ```
//!
//! A scenario is a description of a few lines in a file of its own. What is measured, and how, is
//! the same for all and stands in `run`.

mod audio;
mod blame;
mod console;
mod fanout;
mod hot;
mod joins;
mod mixed;
mod name;
mod plan;
mod rooms;
mod rounds;
mod run;
mod search;
mod server_counters;
mod settings;
mod size;
mod soak;
mod streams;
mod thumbnails;

pub use console::Console;
pub use name::Name;
pub use rounds::{Start, alternate, ratio, share_of_ideal};
pub use run::Measured;
pub use settings::{Place, Settings};
pub use size::Size;
