//! Documents: what is uploaded, what is read out of it, how it is found again, and answers that its own words prove.

pub mod chunking;
pub mod extraction;
