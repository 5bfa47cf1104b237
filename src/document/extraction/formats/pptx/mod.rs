//! Presentations: a slide is a page, its title is its heading, and its notes follow it.

mod presentation;
mod shapes;
mod slide;

pub use presentation::read;
