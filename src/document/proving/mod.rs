//! Sentences of a model that carry their proof: words of a document, found there by code, letter for letter.
//!
//! A model is shown [`Passage`]s and replies with claims, each with quotes ([`ReplyReader`]). A [`Checker`] looks for
//! every quote in what the model was shown; a claim without a quote that is there, or with a number that its quotes do
//! not hold, is doubted. Whoever tells a claim tells the document's own words beside it, not the model's version of them.

mod check;
mod citation;
mod folded;
mod passages;
mod proof;
mod reply;
mod shown;

pub use check::Doubt;
pub(in crate::document) use check::{Checked, Checker};
pub use citation::{Citation, PageBox, Sentence, StoredDoubt};
pub(in crate::document) use passages::{Passage, pieces};
pub use proof::Unproved;
pub(in crate::document) use reply::{Reply, ReplyReader};
pub(in crate::document) use shown::{
    RULES, Shown, place as labelled_place, write as write_passages,
};
