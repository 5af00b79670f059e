//! One HTML file that holds all of a run: nothing is loaded from elsewhere, the plots are drawn
//! here as SVG, and it reads well in the light, in the dark and on paper.

mod axis;
mod bars;
mod page;
mod series;
mod text;

pub use page::Page;
