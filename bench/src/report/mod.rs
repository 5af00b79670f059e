//! What a run says of itself: a line while it goes on, then a table, one JSON object and one HTML
//! file. All of it is made from [`Figures`](crate::figures::Figures) alone; nothing here measures.
//!
//! ```text
//!  Figures ─► Record ─┬─► summary ─┬─► terminal    a table of human numbers
//!                     │            └─► html        the same, with plots
//!                     ├─► JSON     ◄── baseline    an earlier run's, to compare with
//!  Sample  ─► progress, html (plots over time)
//! ```

mod bars;
mod baseline;
mod html;
mod progress;
mod record;
mod sample;
mod summary;
mod table;
mod terminal;
mod units;

pub use bars::{Bars, Row};
pub use baseline::Comparison;
pub use html::Page;
pub use progress::{Progress, Status};
pub use record::{Floor, Record};
pub use sample::{Sample, Series};
pub use table::Table;
pub use terminal::render as render_terminal;
pub use units::Unit;
