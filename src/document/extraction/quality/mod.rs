//! Whether what an engine read on a page is text: counted, not believed.

mod agreement;
mod measure;

pub(super) use agreement::agreement;
pub(super) use measure::Measure;
